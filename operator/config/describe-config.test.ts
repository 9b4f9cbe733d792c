import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configurationPage, describeConfig } from './describe-config.ts';
import { CONFIG_KEYS } from './keys.ts';

test('docs/configuration.md is what the settings say; run make docs', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(page, configurationPage());
});

test('every setting is explained in one sentence', () => {
  for (const { flag, description } of Object.values(CONFIG_KEYS)) {
    assert.match(description, /^[A-Z].*\.$/, flag);
    assert.ok(!description.includes('|'), `${flag}: would break the table`);
  }
});

test('the help shows every flag with its default', () => {
  const help = describeConfig();
  for (const { flag, fallback } of Object.values(CONFIG_KEYS)) {
    const line = help.split('\n').find((text) => text.startsWith(`  --${flag} `));
    assert.ok(line !== undefined, flag);
    if (fallback !== '') assert.ok(line.endsWith(`Default ${fallback}.`), line);
  }
});
