import { readFile, writeFile } from 'node:fs/promises';
import { configurationPage } from '../operator/config/describe-config.ts';
import { actionsPage } from './actions-page.ts';
import { apiPage } from './api-page.ts';
import { healthPage } from './health-page.ts';

// Writes the generated pages; with --check it only tells whether they are up to date.

const check = process.argv.includes('--check');
const pages = {
  'actions.md': actionsPage(),
  'api.md': apiPage(await readFile(new URL('api.md', import.meta.url), 'utf8')),
  'configuration.md': configurationPage(),
  'health.md': healthPage(),
};
for (const [name, wanted] of Object.entries(pages)) {
  const path = new URL(name, import.meta.url);
  const present = await readFile(path, 'utf8').catch(() => '');
  if (present === wanted) continue;
  if (check) {
    console.error(`docs/${name} is not what the code says: run make docs`);
    process.exitCode = 1;
  } else await writeFile(path, wanted);
}
