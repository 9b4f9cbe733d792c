import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseLabelSelector, selects } from './label-selector.ts';

const LABELS = { team: 'shop', tier: 'web', 'example.com/size': '10', empty: '' };

const cases: readonly (readonly [selector: string, expected: boolean])[] = [
  ['', true],
  ['  ', true],
  ['team', true],
  ['other', false],
  ['!other', true],
  ['! team', false],
  ['team=shop', true],
  ['team==shop', true],
  ['team = shop , tier = web', true],
  ['team=shop,tier=db', false],
  ['team!=shop', false],
  ['other!=shop', true],
  ['team in (shop, pay)', true],
  ['team in (pay)', false],
  ['team notin (pay,bill)', true],
  ['other notin (pay)', true],
  ['other in (pay)', false],
  ['empty=', true],
  ['empty=,team', true],
  ['empty in ()', true],
  ['empty in (a,)', true],
  ['team=', false],
  ['example.com/size>9', true],
  ['example.com/size > 10', false],
  ['example.com/size<11', true],
  ['team>1', false],
  ['constructor', false],
];

describe('a selector, as for kubectl --selector', () => {
  for (const [selector, expected] of cases)
    test(`"${selector}" ${expected ? 'selects' : 'does not select'}`, () => {
      assert.equal(selects(parseLabelSelector(selector), LABELS), expected);
    });

  const broken: readonly (readonly [selector: string, says: RegExp])[] = [
    ['team=shop,', /expected a label/],
    ['=shop', /found '=', expected the name of a label/],
    ['team shop', /found 'shop', expected one of/],
    ['team in shop', /expected '\('/],
    ['team in (shop', /expected ',' or '\)'/],
    ['team=sh@p', /expected the value of a label/],
    ['team>few', /expected a whole number/],
    ['-team', /expected the name of a label/],
    [`${'a'.repeat(64)}`, /expected the name of a label/],
    ['a=b c', /expected ',' or the end/],
    ['x'.repeat(70_000), /longer than 65536/],
  ];
  for (const [selector, says] of broken)
    test(`"${selector.slice(0, 40)}" is refused`, () => {
      assert.throws(() => parseLabelSelector(selector), { code: 'RequestFailed', message: says });
    });
});
