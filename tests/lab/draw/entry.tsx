// SPDX-License-Identifier: Apache-2.0
// Draws one dashboard with Grafana's own components from the answers of a running stack, and leaves what it drew in
// the page as JSON, for tests: names, texts and colours of every panel.
import {
  applyFieldOverrides, createTheme, dateTime, FieldConfigOptionsRegistry, formattedValueToString,
  getFieldDisplayName, getFieldDisplayValues, reduceField, standardTransformers, standardTransformersRegistry, ThemeContext,
  transformDataFrame, VizOrientation, type DataFrame,
} from '@grafana/data';
import { BarGauge, BigValue, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { createRoot } from 'react-dom/client';
import { lastValueFrom } from 'rxjs';
import 'uplot/dist/uPlot.min.css';

import { framesOf, type Answer } from './frames';

interface Panel { id: number; type: string; title: string; description?: string; gridPos: any; options: any;
  fieldConfig?: any; transformations?: any[] }
interface Input { board: { title: string; panels: Panel[] }; answers: Record<number, Answer[]>;
  lines: Record<number, string[]>; from: number; to: number; step: number; width: number }

const input: Input = (window as any).input;
const theme = createTheme({ colors: { mode: 'dark' } });
const plain = (text: string) => text;
const range = { from: dateTime(input.from), to: dateTime(input.to), raw: { from: 'now-30m', to: 'now' } };

// Properties that an override or the defaults of a panel may set; anything else is ignored, as in Grafana.
const STANDARD = ['unit', 'min', 'max', 'decimals', 'displayName', 'color', 'mappings', 'thresholds', 'links', 'noValue'];
const CUSTOM = ['drawStyle', 'lineInterpolation', 'lineWidth', 'fillOpacity', 'gradientMode', 'showPoints', 'spanNulls',
  'axisSoftMax', 'axisSoftMin', 'stacking', 'thresholdsStyle', 'lineStyle', 'cellOptions'];
const property = (id: string, path: string, isCustom: boolean): any => ({
  id, path, isCustom, name: id, process: (value: unknown) => value, shouldApply: () => true, editor: () => null,
  override: () => null, settings: {},
});
const properties = new FieldConfigOptionsRegistry(() => [
  ...STANDARD.map((id) => property(id, id, false)),
  ...CUSTOM.map((id) => property(`custom.${id}`, id, true)),
]);
// Some are listed twice, under an old name as well.
const transformers = new Map(Object.values(standardTransformers).map((info: any) => [info.id, info]));
standardTransformersRegistry.setInit(() => [...transformers.values()].map((info) => ({
  id: info.id, name: info.name, transformation: async () => info,
})) as any);

interface Drawn { id: number; title: string; type: string; values: Array<{ name: string; text: string; color: string }>;
  rows?: string[][]; empty: boolean }
const drawn: Drawn[] = [];

function finish(panel: Panel, frames: DataFrame[]): DataFrame[] {
  return applyFieldOverrides({
    data: frames, fieldConfig: panel.fieldConfig, fieldConfigRegistry: properties, replaceVariables: plain, theme,
    timeZone: 'utc',
  });
}

const isEmpty = (frames: DataFrame[]) => frames.every((frame) => frame.length === 0);

function displays(panel: Panel, frames: DataFrame[]) {
  return getFieldDisplayValues({
    data: frames, fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: plain,
    theme, timeZone: 'utc', sparkline: false,
  });
}

function Tiles({ panel, frames, width, height }: any) {
  const values = displays(panel, frames);
  drawn.push({ id: panel.id, title: panel.title, type: panel.type, empty: isEmpty(frames),
    values: values.map(({ display }) => ({
      name: display.title ?? '', text: formattedValueToString(display), color: display.color ?? '' })) });
  return <>{values.map(({ display }, index) => (
    <BigValue key={index} theme={theme} width={width} height={height / values.length} textMode={panel.options.textMode ?? 'value'}
      colorMode={panel.options.colorMode ?? 'value'} graphMode="none" value={display} />))}</>;
}

function Bars({ panel, frames, width, height }: any) {
  const values = displays(panel, frames);
  drawn.push({ id: panel.id, title: panel.title, type: panel.type, empty: isEmpty(frames),
    values: values.map(({ display }) => ({
      name: display.title ?? '', text: formattedValueToString(display), color: display.color ?? '' })) });
  return <>{values.map(({ display, field }, index) => (
    <BarGauge key={index} theme={theme} width={width} height={height / values.length} value={display} field={field}
      display={(value: number) => display} orientation={VizOrientation.Horizontal} displayMode="gradient" />))}</>;
}

// What PlotLegend writes is made of these.
function legendOf(panel: Panel, frames: DataFrame[]) {
  return frames.flatMap((frame) => frame.fields.slice(1).map((field) => ({
    name: getFieldDisplayName(field, frame, frames),
    text: panel.options.legend.calcs.map((id: string) => {
      const value = reduceField({ field, reducers: [id] })[id];
      return field.display ? formattedValueToString(field.display(value)) : '';
    }).join(' '),
    color: field.config.color?.fixedColor ?? '',
  })));
}

function Graph({ panel, frames, width, height }: any) {
  drawn.push({ id: panel.id, title: panel.title, type: panel.type, empty: isEmpty(frames), values: legendOf(panel, frames) });
  return <TimeSeries frames={frames} timeRange={range as any} timeZone="utc" width={width} height={height}
    legend={panel.options.legend} structureRev={1} />;
}

function Table({ panel, frames, width, height }: any) {
  const frame: DataFrame = frames[0];
  const rows = Array.from({ length: frame.length }, (_, row) => frame.fields.map((field) =>
    formattedValueToString(field.display!(field.values[row]))));
  drawn.push({ id: panel.id, title: panel.title, type: panel.type, empty: isEmpty(frames), rows,
    values: frame.fields.map((field) => ({ name: getFieldDisplayName(field, frame), text: '', color: '' })) });
  return <TableNG data={frame} width={width} height={height} cellHeight={'sm' as any} structureRev={1}
    getActions={() => []} noHeader={false} />;
}

function Lines({ panel, width, height }: any) {
  const lines = input.lines[panel.id] ?? [];
  drawn.push({ id: panel.id, title: panel.title, type: panel.type, empty: !lines.length,
    values: lines.map((text) => ({ name: 'line', text, color: '' })) });
  return <pre style={{ width, height, overflow: 'hidden', margin: 0, fontSize: 12 }}>{lines.join('\n')}</pre>;
}

function Content({ panel, frames, width, height }: any) {
  const noValue = panel.fieldConfig?.defaults?.noValue;
  if (panel.type === 'logs') return <Lines {...{ panel, width, height }} />;
  if (panel.type === 'stat' || panel.type === 'gauge') return <Tiles {...{ panel, frames, width, height }} />;
  if (isEmpty(frames)) {
    drawn.push({ id: panel.id, title: panel.title, type: panel.type, empty: true, values: [] });
    return <div style={{ textAlign: 'center', paddingTop: height / 2 - 20 }}>{noValue}</div>;
  }
  const props = { panel, frames, width, height };
  if (panel.type === 'bargauge') return <Bars {...props} />;
  return panel.type === 'table' ? <Table {...props} /> : <Graph {...props} />;
}

function Placed({ panel, frames }: { panel: Panel; frames: DataFrame[] }) {
  const column = input.width / 24;
  const { x, y, w, h } = panel.gridPos;
  const [width, height] = [w * column - 8, h * 38 - 8];
  return (
    <div style={{ position: 'absolute', left: x * column, top: y * 38, width, height }}>
      <PanelChrome title={panel.title} description={panel.description} width={width} height={height}>
        {(innerWidth, innerHeight) => <Content {...{ panel, frames, width: innerWidth, height: innerHeight }} />}
      </PanelChrome>
    </div>
  );
}

async function main() {
  const shown = [];
  for (const panel of input.board.panels.filter((one) => one.type !== 'row')) {
    const raw = framesOf(input.answers[panel.id] ?? [], input.step);
    const steps = raw.length ? panel.transformations ?? [] : [];
    shown.push({ panel, frames: finish(panel, await lastValueFrom(transformDataFrame(steps, raw))) });
  }
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {shown.map((one) => <Placed key={one.panel.id} {...one} />)}
    </ThemeContext.Provider>,
  );
  setTimeout(() => {
    const unique = [...new Map(drawn.map((one) => [one.id, one])).values()];
    document.getElementById('drawn')!.textContent = JSON.stringify(unique);
  }, 3000);
}

window.onerror = (message) => { document.getElementById('error')!.textContent += `${message}\n`; };
window.onunhandledrejection = (event) => { document.getElementById('error')!.textContent += `${event.reason?.stack}\n`; };
main();
