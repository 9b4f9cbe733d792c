import { readFile, writeFile } from 'node:fs/promises';
import { dump } from 'js-yaml';
import { appProjectCrd, applicationCrd } from '../operator/core/app/crd.ts';

// Writes the CRDs from the schemas; with --check it only tells whether they are up to date.

const check = process.argv.includes('--check');
const files = { 'application.yaml': applicationCrd(), 'appproject.yaml': appProjectCrd() };
let stale = false;
for (const [name, crd] of Object.entries(files)) {
  const path = new URL(name, import.meta.url);
  const wanted = `# Generated from operator/core/app/schema.ts by \`make crds\`. Do not edit.\n${dump(crd, { lineWidth: 100, noRefs: true })}`;
  const present = await readFile(path, 'utf8').catch(() => '');
  if (present === wanted) continue;
  stale = true;
  if (check) console.error(`crds/${name} is not what the schemas say: run make crds`);
  else await writeFile(path, wanted);
}
if (check && stale) process.exitCode = 1;
