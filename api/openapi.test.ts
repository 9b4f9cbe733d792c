import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describeRoutes } from './openapi.ts';
import { allRoutes } from './routes/index.ts';

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
}

describe('the OpenAPI description', () => {
  const routes = allRoutes({ version: '1.2.3', hasExtensions: true });
  const description = describeRoutes(routes, { version: '1.2.3' });
  const { paths } = description as unknown as Described;

  test('is valid', async () => {
    const plain = JSON.parse(JSON.stringify(description)) as Record<string, unknown>;
    const { valid, errors } = await new Validator().validate(plain);
    assert.ok(valid, JSON.stringify(errors, undefined, 1));
  });

  test('has every route, and each under a name of its own', () => {
    const operations = Object.values(paths).flatMap((item) => Object.values(item));
    assert.equal(operations.length, routes.length);
    assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, routes.length);
    const skeletons = Object.keys(paths).map((path) => path.replaceAll(/\{[^}]*\}/g, '{}'));
    assert.equal(new Set(skeletons).size, skeletons.length, 'no two paths mean the same');
  });

  test('has the parameters of the path, and those of the query as they are written', () => {
    for (const [path, item] of Object.entries(paths))
      for (const { parameters } of Object.values(item)) {
        const named = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
        const wanted = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
        assert.deepEqual(named, wanted, path);
      }
    const { get } = paths['/api/v1/clusters/{idValue}'] ?? {};
    assert.deepEqual(
      get?.parameters.map(({ name }) => name),
      ['idValue', 'id.type'],
    );
    assert.ok(paths['/api/v1/projects']?.['post']?.requestBody);
  });
});
