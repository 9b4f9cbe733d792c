import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { TiphysError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/objects/json.ts';
import type { LinkTexts, ScriptOutcome } from '../../ports/script-engine.ts';
import { silentLogger } from '../../telemetry/silent.ts';
import type { ServicePorts } from '../control-plane.ts';
import { configuredLinks, type LinksRequest } from './configured-links.ts';

const { signal } = new AbortController();

/** Links of a setting; what was asked of the languages; what the log says. */
async function shown(
  setting: string,
  answer: (link: LinkTexts, variables: JsonObject) => ScriptOutcome<string | undefined>,
  variables: LinksRequest['variables'] = () => ({ name: 'shop' }),
) {
  const logged: unknown[] = [];
  const config = { configMap: () => ({ data: { 'application.links': setting } }) };
  const ports = {
    config,
    readYaml: (text: string) => load(text) as JsonValue,
    scripts: { linkUrl: async (link: LinkTexts, names: JsonObject) => answer(link, names) },
    logger: {
      ...silentLogger,
      warn: (fields: object, message: string) => logged.push(fields, message),
    },
  } as unknown as ServicePorts;
  const request = { key: 'application.links', shownFor: 'ns/shop', variables } as const;
  const links = await configuredLinks({ ports }, request, signal);
  return { links, logged };
}

const never = () => assert.fail('is not asked');

describe('configured links', () => {
  test('those that are the same for all need nothing', async () => {
    const setting = `- { title: A, url: 'https://a' }\n- { title: B, url: 'mailto:b@c' }`;
    const { links, logged } = await shown(setting, never, never);
    assert.deepEqual(links, [
      { title: 'A', url: 'https://a' },
      { title: 'B', url: 'mailto:b@c' },
    ]);
    assert.deepEqual(logged, []);
  });

  test('keep their order; one that fails is left out with a reason, in one line', async () => {
    const setting = `
- { title: Hidden, url: 'https://a', if: 'false' }
- { title: Bad, url: '{{bad}}' }
- { title: Made, url: 'https://{{.name}}', icon.class: x }
- { title: Script, url: '{{.script}}' }
- { title: Plain, url: 'https://plain' }
- { title: Plain script, url: 'javascript:x' }
- { url: 'https://untitled' }`;
    const { links, logged } = await shown(setting, ({ url, condition }, { name }) => {
      if (condition === 'false') return { type: 'value', value: undefined };
      if (url === '{{bad}}') return { type: 'failed', kind: 'compile', reason: 'no function bad' };
      return { type: 'value', value: url === '{{.script}}' ? 'javascript:x' : `https://${name}` };
    });
    assert.deepEqual(links, [
      { title: 'Made', url: 'https://shop', iconClass: 'x' },
      { title: 'Plain', url: 'https://plain' },
    ]);
    const refused = 'its url begins with none of http:, https:, mailto:, tel: and /';
    assert.deepEqual(logged, [
      {
        ...{ key: 'application.links', shownFor: 'ns/shop' },
        leftOut: [
          { link: 'number 7', reason: 'has no title' },
          { link: 'Bad', reason: 'no function bad' },
          { link: 'Script', reason: refused },
          { link: 'Plain script', reason: refused },
        ],
      },
      'links of argocd-cm are left out',
    ]);
  });

  test('without the object only those that name nothing are shown', async () => {
    const setting = `- { title: A, url: 'https://{{.a}}' }\n- { title: B, url: 'https://b' }`;
    const gone = () => Promise.reject(new TiphysError('KubeNotFound', 'Pod a: is gone'));
    const { links, logged } = await shown(setting, never, gone);
    assert.deepEqual(links, [{ title: 'B', url: 'https://b' }]);
    assert.match(JSON.stringify(logged), /"leftOut":\[\{"link":"A","reason":"Pod a: is gone"\}\]/);
    const defect = () => Promise.reject(new TypeError('a defect'));
    await assert.rejects(shown(setting, never, defect), /a defect/);
  });
});
