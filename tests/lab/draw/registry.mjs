// SPDX-License-Identifier: Apache-2.0
// Checks the ids in dashboards against the lists in Grafana's own code: units, reducers, transformations and matchers.
// Grafana ignores an unknown one silently, so nobody would notice until the panel is needed.
//
//   node registry.mjs DASHBOARD.json ...     one line for each unknown id; exit 1 when there is one
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

globalThis.navigator ??= {};
Object.defineProperty(globalThis, 'navigator', { value: { languages: ['en-US'], language: 'en-US', userAgent: 'node' } });
const require = createRequire(import.meta.url);
const { DataTransformerID, fieldMatchers, fieldReducers, getValueFormats } = require('@grafana/data');

const units = new Set(getValueFormats().flatMap((group) => group.submenu.map((unit) => unit.value)));
const known = {
  unit: (id) => units.has(id),
  reducer: (id) => fieldReducers.getIfExists(id) !== undefined,
  transformation: (id) => Object.values(DataTransformerID).includes(id),
  matcher: (id) => fieldMatchers.getIfExists(id) !== undefined,
};

function* idsOf(panel) {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  if (defaults.unit) yield ['unit', defaults.unit];
  for (const rule of overrides) {
    yield ['matcher', rule.matcher.id];
    for (const property of rule.properties) if (property.id === 'unit') yield ['unit', property.value];
  }
  for (const id of panel.options?.reduceOptions?.calcs ?? []) yield ['reducer', id];
  for (const id of panel.options?.legend?.calcs ?? []) yield ['reducer', id];
  for (const step of panel.transformations ?? []) yield ['transformation', step.id];
}

let checked = 0;
let unknown = 0;
for (const file of process.argv.slice(2)) {
  const board = JSON.parse(readFileSync(file, 'utf8'));
  for (const panel of board.panels) {
    for (const [what, id] of idsOf(panel)) {
      checked += 1;
      if (!known[what](id)) {
        unknown += 1;
        console.log(`${board.uid} / ${panel.title}: unknown ${what} '${id}'`);
      }
    }
  }
}
console.log(`${checked} ids, ${unknown} unknown`);
process.exitCode = unknown || !checked ? 1 : 0;
