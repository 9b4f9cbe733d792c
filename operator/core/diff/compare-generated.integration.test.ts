import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, type JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { builtInType } from './built-in-types.ts';
import { compareObject, FIELD_MANAGER, predictsChange } from './compare-object.ts';
import { leavesRulesToController } from './normalise.ts';
import { type Arbiter, startArbiter } from './testing/arbiter.ts';
import { edited, EDITS, inOrder, refusal } from './testing/edits.ts';
import { componentOf, objectArbitrary } from './testing/generate-object.ts';
import { FIXED_NAMES, MINIMAL_OBJECTS } from './testing/minimal-objects.ts';

// Objects of every built-in kind, made from the schemas that the API server publishes, applied to it
// and compared with what it made of them. `TIPHYS_SOAK=1` is the long form.

const signal = AbortSignal.timeout(1_200_000);
const PER_KIND = process.env['TIPHYS_SOAK'] === '1' ? 40 : 4;
const KINDS = Object.keys(MINIMAL_OBJECTS);

describe('what is applied is equal to what the API server makes of it', () => {
  let arbiter: Arbiter;
  const totals = { accepted: 0, refused: 0, asked: 0, others: 0, othersEqual: 0 };

  before(async () => {
    arbiter = await startArbiter(signal);
  });
  after(async () => {
    await arbiter[Symbol.asyncDispose]();
  });

  for (const gvk of KINDS)
    test(gvk, async (t) => {
      const minimal = MINIMAL_OBJECTS[gvk] ?? {};
      const { group, version, kind } = partsOf(gvk);
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
      const document = await arbiter.client.openApi(path, signal);
      const component = componentOf(document, { group, version, kind });
      assert.ok(component);
      const bodies = objectArbitrary(document, component, minimal);
      const asked = new Map<string, number>();
      let [accepted, refused, unrepeatable, number] = [0, 0, 0, 0];

      await fc.assert(
        fc.asyncProperty(bodies, bodies, EDITS, async (body, other, edits) => {
          number += 1;
          const named = (parts: JsonObject) =>
            nameIt(gvk, parts, `${kind.toLowerCase()}-${number}`);
          const desired = named(body);
          const applied = await arbiter.apply(desired).catch(refusal);
          if (applied === undefined) {
            refused += 1;
            fc.pre(false);
            return;
          }
          accepted += 1;
          const live = await arbiter.live(desired);
          const verdict = await arbiter.judge(desired, live).catch(refusal);
          if (verdict === undefined) {
            // Accepted once, and never again: such objects exist, but not in Git.
            unrepeatable += 1;
            fc.pre(false);
            return;
          }
          for (const suspect of verdict.suspected) {
            const place = suspect.replace(/\[.*?\]/g, '[]');
            asked.set(place, (asked.get(place) ?? 0) + 1);
          }
          const text = JSON.stringify({ desired, live, verdict });
          assert.equal(verdict.type, 'equal', `false difference: ${text}`);
          for (const next of [other, ...edits.map((edit) => edited(body, edit))])
            await expectNoFalseEqual(named(next), live);
          // Drift: somebody else writes over it.
          for (const next of [other, ...edits.slice(0, 2).map((edit) => edited(body, edit))]) {
            const written = await arbiter
              .apply(named(next), { manager: 'somebody-else' })
              .catch(refusal);
            if (written !== undefined)
              await expectNoFalseEqual(desired, await arbiter.live(desired));
          }
          await arbiter.remove(desired);
        }),
        { numRuns: PER_KIND, maxSkipsPerRun: 60, endOnFailure: true },
      );

      const times = [...asked.values()].reduce((sum, count) => sum + count, 0);
      totals.accepted += accepted;
      totals.refused += refused;
      totals.asked += times;
      t.diagnostic(
        `accepted ${accepted}, refused ${refused}, not twice ${unrepeatable}, dry runs ${times} ${[...asked.keys()].join(' ')}`,
      );
    });

  /** Whatever else Git might say: if comparing calls it equal, the API server must see no change. */
  async function expectNoFalseEqual(desired: KubeObject, live: KubeObject): Promise<void> {
    totals.others += 1;
    const local = compareObject(desired, live, { fieldManager: FIELD_MANAGER });
    if (local.type !== 'equal') {
      // Nothing here was applied client-side.
      assert.ok(local.type === 'different' && !local.certain, JSON.stringify({ desired, live }));
      return;
    }
    const predicted = await arbiter.apply(desired, { dryRun: true }).catch(refusal);
    // Rules that a controller fills in are not compared, on purpose.
    if (predicted === undefined || leavesRulesToController(desired)) return;
    totals.othersEqual += 1;
    const type = builtInType(desired.apiVersion, desired.kind);
    assert.equal(
      predictsChange(inOrder(predicted, type), inOrder(live, type)),
      false,
      `false equal: ${JSON.stringify({ desired, live, predicted })}`,
    );
  }

  test('in all', (t) => {
    t.diagnostic(JSON.stringify(totals));
    assert.ok(totals.accepted >= PER_KIND * KINDS.length);
    assert.ok(totals.othersEqual > KINDS.length);
    // Not a budget: a table that has lost a part asks for every object of a kind.
    assert.ok(totals.asked < totals.accepted / 5, `${totals.asked} dry runs`);
  });
});

function partsOf(gvk: string) {
  const parts = gvk.split('/');
  const [kind = '', version = '', group = ''] = parts.reverse();
  return { group, version, kind };
}

function nameIt(gvk: string, body: JsonObject, name: string): KubeObject {
  const { group, version, kind } = partsOf(gvk);
  const metadata = isJsonObject(body['metadata']) ? body['metadata'] : {};
  return {
    ...body,
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    metadata: { ...metadata, name: FIXED_NAMES[kind] ?? name, namespace: 'default' },
  };
}
