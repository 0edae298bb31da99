// SPDX-License-Identifier: Apache-2.0
// Query results as Grafana's data sources hand them over: data frames with their display names.
import { createDataFrame, FieldType, type DataFrame } from '@grafana/data';

type Sample = [number, string];
interface Series { metric: Record<string, string>; value?: Sample; values?: Sample[] }
export interface Answer { refId: string; legend?: string; table?: boolean; result: Series[] }

const numberOf = (text: string) => (text === 'NaN' ? NaN : Number(text.replace('Inf', 'Infinity')));

// `{{label}}` of a legend; without one, the labels as Prometheus writes them.
function nameOf(metric: Record<string, string>, legend?: string): string {
  if (legend) {
    return legend.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => metric[label] ?? '');
  }
  const { __name__: name = '', ...labels } = metric;
  const rest = Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join(', ');
  return rest ? `${name}{${rest}}` : name || 'Value';
}

// One frame for each series. A gap in the samples is a null, which breaks the line.
function seriesFrames(answer: Answer, step: number): DataFrame[] {
  return answer.result.map((series) => {
    const samples = series.values ?? (series.value ? [series.value] : []);
    const times: number[] = [];
    const values: Array<number | null> = [];
    for (const [time, text] of samples) {
      if (times.length && time * 1000 - times[times.length - 1] > step * 1500) {
        times.push(times[times.length - 1] + step * 1000);
        values.push(null);
      }
      times.push(time * 1000);
      values.push(numberOf(text));
    }
    return createDataFrame({
      refId: answer.refId,
      fields: [
        { name: 'Time', type: FieldType.time, values: times },
        {
          name: 'Value', type: FieldType.number, values, labels: series.metric,
          config: { displayNameFromDS: nameOf(series.metric, answer.legend) },
        },
      ],
    });
  });
}

// One frame with a column for each label.
function tableFrame(answer: Answer, several: boolean): DataFrame {
  const labels = [...new Set(answer.result.flatMap((series) => Object.keys(series.metric)))].sort();
  return createDataFrame({
    refId: answer.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: answer.result.map((series) => series.value![0] * 1000) },
      ...labels.map((label) => ({
        name: label, type: FieldType.string, values: answer.result.map((series) => series.metric[label] ?? ''),
      })),
      {
        name: several ? `Value #${answer.refId}` : 'Value', type: FieldType.number,
        values: answer.result.map((series) => numberOf(series.value![1])),
      },
    ],
  });
}

export function framesOf(answers: Answer[], step: number): DataFrame[] {
  return answers.flatMap((answer) => {
    if (!answer.table) {
      return seriesFrames(answer, step);
    }
    return answer.result.length ? [tableFrame(answer, answers.length > 1)] : [];
  });
}
