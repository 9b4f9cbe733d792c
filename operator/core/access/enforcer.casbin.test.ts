import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newEnforcer, newModelFromString, StringAdapter } from 'casbin';
import fc from 'fast-check';
import { compileGlob } from '../glob.ts';
import { compilePolicy, createEnforcer, type CompilePattern } from './enforcer.ts';
import { formatRule, type Policy, type PolicyRule } from './policy.ts';

// casbin is what the incumbent decides with. It takes too long for lists, so we have an enforcer of our
// own, which says the same: asked the same questions of the same policies.

const MODEL = `
[request_definition]
r = sub, res, act, obj
[policy_definition]
p = sub, res, act, obj, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && match(r.res, p.res) && match(r.act, p.act) && match(r.obj, p.obj)
`;

const compile: CompilePattern = (pattern) => compileGlob(pattern, { malformed: 'nothing' });

const SUBJECTS = ['alice', 'team', 'admin', 'role:a', 'role:b', 'proj:shop:dev', ''];
const RESOURCES = ['applications', 'logs'];
const ACTIONS = ['get', 'sync', 'update', 'update/apps/Deployment/ns/web'];
const OBJECTS = ['shop/web', 'shop/ns/web', 'bank/web', 'shop'];

const rule: fc.Arbitrary<PolicyRule> = fc.record({
  subject: fc.constantFrom(...SUBJECTS.slice(0, -1)),
  resource: fc.constantFrom(...RESOURCES, '*', 'app*'),
  action: fc.constantFrom(...ACTIONS, '*', 'update/*', '{get,sync}', '[gs]*'),
  object: fc.constantFrom(...OBJECTS, '*', '*/*', 'shop/*', 'shop/[!w]*', 'shop/w{e', '**'),
  effect: fc.constantFrom('allow', 'deny'),
  origin: fc.constant(''),
});
const link = fc.record({
  subject: fc.constantFrom(...SUBJECTS.slice(0, -1)),
  role: fc.constantFrom(...SUBJECTS.slice(0, -1)),
});
const policies: fc.Arbitrary<Policy> = fc.record({
  rules: fc.array(rule, { minLength: 1, maxLength: 12 }),
  links: fc.array(link, { maxLength: 8 }),
});

async function casbinOf({ rules, links }: Policy) {
  const lines = [
    ...rules.map((line) => quoteBraces(formatRule(line))),
    ...links.map(({ subject, role }) => `g, ${subject}, ${role}`),
  ];
  const enforcer = await newEnforcer(
    newModelFromString(MODEL),
    new StringAdapter(lines.join('\n')),
  );
  await enforcer.addFunction('match', (text: string, pattern: string) => compile(pattern)(text));
  return enforcer;
}

/** A comma within braces is not one of CSV. */
const quoteBraces = (line: string): string => line.replace(/\{get,sync\}/, '"{get,sync}"');

describe('the enforcer answers as casbin does', () => {
  test('for any policy and every question', async () => {
    await fc.assert(
      fc.asyncProperty(policies, async (policy) => {
        const theirs = await casbinOf(policy);
        const ours = createEnforcer([compilePolicy(policy, compile)]);
        for (const subject of SUBJECTS)
          for (const resource of RESOURCES)
            for (const action of ACTIONS)
              for (const object of OBJECTS)
                assert.equal(
                  ours.about(resource, action)(subject, object).allowed,
                  theirs.enforceSync(subject, resource, action, object),
                  `${subject} ${action} ${resource} ${object}`,
                );
      }),
      { numRuns: 60 },
    );
  });

  test('for roles of roles of roles, as deep as it looks', async () => {
    const links = Array.from({ length: 14 }, (_, depth) => ({
      subject: depth === 0 ? 'alice' : `role:${depth}`,
      role: `role:${depth + 1}`,
    }));
    for (let depth = 1; depth <= 14; depth += 1) {
      const policy: Policy = {
        rules: [
          {
            subject: `role:${depth}`,
            resource: '*',
            action: '*',
            object: '*',
            effect: 'allow',
            origin: '',
          },
        ],
        links,
      };
      const theirs = await casbinOf(policy);
      const ours = createEnforcer([compilePolicy(policy, compile)]);
      assert.equal(
        ours.about('logs', 'get')('alice', 'shop/web').allowed,
        theirs.enforceSync('alice', 'logs', 'get', 'shop/web'),
        `through ${depth} roles`,
      );
    }
  });
});
