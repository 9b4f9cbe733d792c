import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import { linksProgram } from '../../../e2e/controlplane/links-program.ts';
import { progressToStderr as log, toolCacheFolder } from '../../../e2e/controlplane/tool-cache.ts';
import type { JsonObject, JsonValue } from '../../core/objects/json.ts';
import { readDeepLinks } from '../../core/settings/deep-links.ts';
import type { ScriptEngine } from '../../ports/script-engine.ts';
import { createVirtualClock, systemClock } from '../../runtime/clock.ts';
import { createScriptEngine } from '../script-engine.ts';

const signal = AbortSignal.timeout(300_000);
const app: JsonObject = {
  metadata: {
    name: 'guestbook',
    labels: { 'example.com/team': 'blue & green', tier: 'web' },
    annotations: { splunkhost: 'splunk.example.com' },
  },
  spec: { project: 'default', replicas: 12_000_000, ratio: 0.5, on: true, nothing: null },
};
const variables = { application: app, list: ['a', 'b'] };

/** A link, and where it leads: a text; `null` when it is hidden; a pattern of why there is none. */
type Row = readonly [url: string, condition: string | undefined, wanted: string | null | RegExp];

const ROWS: readonly Row[] = [
  // Templates
  ['https://x/{{.app.metadata.name}}', undefined, 'https://x/guestbook'],
  ['https://x/{{.application.metadata.name | upper}}', undefined, 'https://x/GUESTBOOK'],
  ['https://x/{{index .app.metadata.labels "tier"}}', undefined, 'https://x/web'],
  [
    'https://x/?q={{index .app.metadata.labels "example.com/team" | urlquery}}',
    undefined,
    'https://x/?q=blue+%26+green',
  ],
  ['https://x/{{.app.metadata.uid}}', undefined, 'https://x/<no value>'],
  ['https://x/{{.app.nowhere.at.all}}', undefined, 'https://x/<no value>'],
  ['https://x/{{.app.metadata.uid | default "none"}}', undefined, 'https://x/none'],
  [
    'https://x/{{.app.spec.replicas}}/{{.app.spec.ratio}}/{{.app.spec.on}}',
    undefined,
    'https://x/12000000/0.5/true',
  ],
  ['https://x/{{range .list}}{{.}},{{end}}', undefined, 'https://x/a,b,'],
  [
    'https://x/{{if eq .app.spec.project "default"}}yes{{else}}no{{end}}',
    undefined,
    'https://x/yes',
  ],
  ['https://x/{{ "a:b" | b64enc }}', undefined, 'https://x/YTpi'],
  ['https://x/{{ dict "a" 1 | toJson | urlquery }}', undefined, 'https://x/%7B%22a%22%3A1%7D'],
  ['https://x/{{ now | date "2006" | len }}', undefined, 'https://x/4'],
  ['https://x/{{ randAlphaNum 8 | len }}', undefined, 'https://x/8'],
  ['https://x/äöü/{{.app.metadata.name}}', undefined, 'https://x/äöü/guestbook'],
  ['{{define "a"}}https://a{{end}}{{template "a"}}', undefined, 'https://a'],
  ['https://x/{{', undefined, /^compile: url: template: link:1: /],
  ['https://x/{{.app.metadata.name | nosuch}}', undefined, /^compile: .*"nosuch" not defined/],
  ['https://x/{{index .list 7}}', undefined, /^run: url: .*out of range/],
  ['https://x/{{.app.metadata.name.first}}', undefined, /^run: url: .*can't evaluate field first/],
  ['https://x/{{ fail "not today" }}', undefined, /^run: url: .*not today/],
  // What would reach the system
  ['https://x/{{ env "PATH" }}', undefined, /^compile: .*"env" not defined/],
  ['https://x/{{ expandenv "$PATH" }}', undefined, /^compile: .*"expandenv" not defined/],
  ['https://x/{{ getHostByName "a" }}', undefined, /^compile: .*"getHostByName" not defined/],
  // Conditions
  ['https://x', 'application.spec.project == "default"', 'https://x'],
  ['https://x', 'app.spec.project == "shop"', null],
  ['https://x', 'app.metadata.labels["example.com/team"] contains "green"', 'https://x'],
  ['https://x', 'app.metadata.name matches "^guest" and "a" in list', 'https://x'],
  ['https://x', 'app.spec.replicas > 11999999 && app.spec.ratio < 1', 'https://x'],
  ['https://x', 'app.metadata.labels.nosuch == nil', 'https://x'],
  ['https://x', 'app?.metadata?.finalizers?.first != nil', null],
  ['https://x', 'any(list, # == "b")', 'https://x'],
  ['https://x/{{index .app.metadata.none "a"}}', 'app.metadata.none != nil', null],
  ['https://x', 'nosuch == nil', 'https://x'],
  ['https://x', 'nosuch.name == "a"', /^run: if: cannot fetch name from <nil>/],
  ['https://x', 'app.metadata.annotations.splunkhost', /^run: if: is string, neither true nor/],
  ['https://x', 'app.metadata.annotations.other', /^run: if: is nil, neither true nor false/],
  ['https://x', 'app.metadata.annotations.splunkhost != ""', 'https://x'],
  ['https://x', '1 +', /^compile: if: unexpected token EOF/],
  ['https://x', '', /^compile: if: unexpected token EOF/],
];

const loop = '{{range $a := until 1000}}'.repeat(4);
const ends = '{{end}}'.repeat(4);
const all = 'all(1..9999, ';

/** Programs that want more than there is, and what is said of them. */
const HOSTILE: readonly Row[] = [
  [`${loop}${ends}`, undefined, /^budget: did not end within 1s/],
  ['{{ repeat 2000000000 "a" }}', undefined, /^budget: not enough memory/],
  ['{{ until 2000000000 }}', undefined, /^budget: not enough memory/],
  [
    '{{range until 9999}}aaaaaaaaaa{{end}}',
    undefined,
    /^run: url: would be longer than 8192 bytes/,
  ],
  [
    '{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}',
    undefined,
    /^run: .*exceeded maximum/,
  ],
  ['{{'.padEnd(200_000, '('), undefined, /^(budget: nested too deeply|compile: )/],
  [`{{${'('.repeat(50_000)}1${')'.repeat(50_000)}}}`, undefined, /^(budget|compile|run): /],
  ['https://x', `${'('.repeat(100_000)}true${')'.repeat(100_000)}`, /^(budget|compile): /],
  ['https://x', `${'!'.repeat(9_000)}true`, /^(budget|compile): |^https/],
  ['https://x', `${all.repeat(5)}true${')'.repeat(5)}`, /^(budget: did not end within 1s|run: )/],
  ['https://x', 'len(repeat("a", 999999999)) > 0', /^(budget|run|compile): /],
  ['https://x', 'len(map(1..999999999, # * 2)) > 0', /^(budget|run): /],
  [
    'https://x',
    'reduce(1..40, #acc + #acc, "aaaaaaaaaaaaaaaa") == ""',
    /^budget: not enough memory/,
  ],
  ['{{ genPrivateKey "rsa" }}{{ genPrivateKey "rsa" }}', undefined, /^(budget|run): /],
];

describe('links with a template or a condition', () => {
  let engine: ScriptEngine;
  let linksFile: string;
  before(async () => {
    const cacheDir = toolCacheFolder(process.env);
    ({ program: linksFile } = await linksProgram({ cacheDir, log }, signal));
    engine = createScriptEngine({ clock: systemClock, linksFile });
  });
  after(() => engine[Symbol.asyncDispose]());

  async function leadsTo(url: string, condition?: string): Promise<string | null> {
    const link = { url, ...(condition !== undefined && { condition }) };
    const outcome = await engine.linkUrl(link, variables, signal);
    return outcome.type === 'value'
      ? (outcome.value ?? null)
      : `${outcome.kind}: ${outcome.reason}`;
  }

  for (const [url, condition, wanted] of ROWS) {
    test(`${condition === undefined ? url : `${url} if ${condition}`}`, async () => {
      const found = await leadsTo(url, condition);
      if (wanted instanceof RegExp) assert.match(found ?? 'hidden', wanted);
      else assert.equal(found, wanted);
    });
  }

  for (const [url, condition, wanted] of HOSTILE) {
    const name = `${url}${condition === undefined ? '' : ` if ${condition}`}`.slice(0, 60);
    test(`ends, and the next link works: ${name}`, async () => {
      assert.match((await leadsTo(url, condition)) ?? 'hidden', wanted as RegExp);
      assert.equal(await leadsTo('https://x/{{.app.metadata.name}}'), 'https://x/guestbook');
    });
  }

  test('the examples of docs/links.md lead where the page says', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/links.md'), 'utf8');
    const [, text = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    const { data } = load(text) as { data: Readonly<Record<string, string>> };
    const metadata = { name: 'web', labels: { 'example.com/team': 'blue' } };
    const spec = { project: 'shop', destination: { namespace: 'a b' } };
    const seen = {
      ...{ application: { metadata, spec }, cluster: { name: 'far' }, project: { metadata } },
      resource: { kind: 'Pod', metadata },
    };
    const urls = Object.values(data).flatMap((list) =>
      readDeepLinks(load(list) as JsonValue).links.map((link) =>
        engine.linkUrl(link, seen, signal),
      ),
    );
    assert.deepEqual(
      (await Promise.all(urls)).map((outcome) =>
        outcome.type === 'value' ? outcome.value : outcome,
      ),
      [
        'https://logs.example.com/far?namespace=a+b',
        'https://grafana.example.com/d/pod?pod=web&team=blue',
        'https://audit.example.com/web',
      ],
    );
  });

  test('nothing of one link is there for another', async () => {
    const change = '{{ $_ := set .app "spec" "changed" }}{{.app.spec}}';
    assert.equal(await leadsTo(change), 'changed');
    assert.equal(await leadsTo('{{.app.spec.project}}'), 'default');
  });

  test('an object may be large', async () => {
    const list = Array.from({ length: 15_000 }, () => ({ name: 'x'.repeat(50), kind: 'Pod' }));
    const large = { application: { list }, project: { list } };
    const link = { url: 'https://x/{{len .app.list}}', condition: 'len(project.list) > 7' };
    const wanted = { type: 'value', value: 'https://x/15000' };
    for (let turn = 0; turn < 3; turn++)
      assert.deepEqual(await engine.linkUrl(link, large, signal), wanted);
  });

  test('many links at once each lead where they should', async () => {
    const urls = Array.from(
      { length: 50 },
      (_, index) => `https://x/${index}/{{.app.metadata.name}}`,
    );
    assert.deepEqual(
      await Promise.all(urls.map((url) => leadsTo(url))),
      urls.map((url) => url.replace('{{.app.metadata.name}}', 'guestbook')),
    );
  });

  test('a link that never ends is left alone for a while', async () => {
    const url = `${loop}{{/* again */}}${ends}`;
    const said: (string | null)[] = [];
    for (let turn = 0; turn < 4; turn++) said.push(await leadsTo(url));
    assert.match(said.at(-1) ?? '', /not run: it used up its budget on 3 objects in a row/);
  });

  test('what is said of health does not wait for links', async () => {
    const clock = createVirtualClock(); // a link that never ends is ended when this moves
    await using waiting = createScriptEngine({ clock, linksFile });
    const ask = (url: string) => waiting.linkUrl({ url }, {}, signal);
    await ask('https://x');
    const endless = ask(`${loop}${ends}`);
    const script = { source: 'return {status = "Healthy"}', openLibs: false };
    const box = { apiVersion: 'v1', kind: 'Box', metadata: { name: 'a' } };
    assert.deepEqual(await waiting.luaHealth(script, [box], signal), [
      { type: 'value', value: { status: 'Healthy' } },
    ]);
    await clock.advance(60_000);
    const outcome = await endless;
    assert.equal(outcome.type === 'failed' && outcome.kind, 'budget');
  });

  test('a file that is no such program is a reason', async () => {
    const file = join(import.meta.dirname, 'links.ts');
    await using broken = createScriptEngine({ clock: systemClock, linksFile: file });
    const outcome = await broken.linkUrl({ url: '{{1}}' }, {}, signal);
    assert.ok(outcome.type === 'failed');
    assert.match(outcome.reason, /links\.ts: is not the program for links/);
  });

  test('a build without the program says what to do', async () => {
    await using without = createScriptEngine({ clock: systemClock, linksFile: '/nowhere/links' });
    const outcome = await without.linkUrl({ url: '{{1}}' }, {}, signal);
    assert.ok(outcome.type === 'failed');
    assert.match(outcome.reason, /there is no \/nowhere\/links; run make build where Go/);
  });
});
