// SPDX-License-Identifier: Apache-2.0
// Holds every key in dashboards against Grafana's own types (@grafana/schema): Grafana ignores an unknown key silently.
//
//   node keys.mjs DASHBOARD.json ...     the compiler's errors; exit 1 when there is one
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const OPTIONS = { stat: 'Stat', gauge: 'Gauge', table: 'Table', timeseries: 'TimeSeries', bargauge: 'BarGauge', logs: 'Logs' };
const WITH_FIELDS = ['table', 'timeseries'];

// Values are not checked here, only which keys there are: an enum would refuse the plain string of JSON.
const lines = [
  "import type { Dashboard, FieldConfigSource } from '@grafana/schema';",
  ...Object.entries(OPTIONS).map(([type, name]) =>
    `import type * as ${type} from '@grafana/schema/dist/esm/raw/composable/${type}/panelcfg/x/${name}PanelCfg_types.gen';`),
  'type Loose<T> = T extends string ? string : T extends Array<infer E> ? Loose<E>[] :',
  '  T extends object ? { [K in keyof T]?: Loose<T[K]> | null } : T;',
];
// Parts of an annotation that belong to the Prometheus data source; @grafana/schema leaves them to it.
const OF_SOURCE = ['target', 'titleFormat', 'textFormat'];
const check = (type, value) => lines.push(`((value: Loose<${type}>) => value)(${JSON.stringify(value)});`);

for (const file of process.argv.slice(2)) {
  const board = JSON.parse(readFileSync(file, 'utf8'));
  lines.push(`// ${board.uid}`);
  for (const annotation of board.annotations.list) for (const key of OF_SOURCE) delete annotation[key];
  check('Dashboard', board);
  for (const panel of board.panels.filter((one) => one.type in OPTIONS)) {
    check(`${panel.type}.Options`, panel.options);
    if (WITH_FIELDS.includes(panel.type)) {
      const { defaults, overrides } = panel.fieldConfig;
      check(`${panel.type}.FieldConfig`, defaults.custom ?? {});
      for (const { id, value } of overrides.flatMap((rule) => rule.properties)) {
        if (id.startsWith('custom.')) check(`${panel.type}.FieldConfig`, { [id.slice('custom.'.length)]: value });
        else check("FieldConfigSource['defaults']", { [id]: value });
      }
    }
  }
}
writeFileSync(`${folder}/keys.ts`, lines.join('\n'));
const done = spawnSync(`${folder}/node_modules/.bin/tsc`, ['--noEmit', '--skipLibCheck', '--strict', '--moduleResolution',
  'bundler', '--module', 'esnext', '--target', 'es2022', 'keys.ts'], { cwd: folder, encoding: 'utf8' });
console.log(done.stdout.slice(0, 4000) || 'no unknown key');
process.exitCode = done.status;
