import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { TiphysError } from '../../operator/core/errors.ts';
import { presentFields } from '../../operator/telemetry/log-fields.ts';
import { parseJson } from './parse-documents.ts';
import { parseManifests } from './parse-manifests.ts';

// What cannot be read may be a Secret: the error goes to a status and, with its causes, to a log.

const CANARY = 'hunter2';
const DIGITS = '98765432109876543';
const HEAD = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n';

const broken: Readonly<Record<string, readonly [text: string, says: RegExp]>> = {
  'a second colon': [`  a: ${CANARY}: x\n`, /f:5: bad indentation of a mapping entry/],
  'a quote that does not end': [`  a: "${CANARY}\n`, /f:\d: unexpected end of the stream/],
  'keys that look alike': [`  1: ${CANARY}\n  "1": ${CANARY}\n`, /f:6: two different keys/],
  'a text that begins with a star': [`  a: *${CANARY}\n`, /f:5: unidentified alias$/],
  'a text like a tag': [`  a: !${CANARY}!x y\n`, /f:5: undeclared tag handle$/],
  'a text in a tag': [`  a: !<${CANARY}\`> y\n`, /f:5: tag name cannot contain such characters$/],
  'a number of many digits': [`  a: ${DIGITS}\n`, /f:5: the number cannot be represented exactly/],
  'no number': [`  a: !!int ${CANARY}\n`, /f:5: the value cannot be read as !!int/],
  'a control character': [`  a: ${CANARY}\u0000\n`, /f:\d: /],
  'a tab': [`  a: 1\n\tb: ${CANARY}\n`, /f:6: /],
  'a list in a map': [`  a: 1\n  - ${CANARY}\n`, /f:6: /],
};

const brokenJson: Readonly<Record<string, readonly [text: string, says: RegExp]>> = {
  'no quotes': [`{"stringData": {"a": ${CANARY}}}`, /^f: Unexpected token, is not valid JSON$/],
  'a text alone': [CANARY, /^f: Unexpected token, is not valid JSON$/],
  'no end': [`{"stringData": {"a": "${CANARY}"`, /^f: Expected ',' or '}'.* \(line 1 column 31\)$/],
  'more behind it': [`{"a": 1} ${CANARY}`, /^Found multiple objects in "f"/],
  'a number of many digits': [
    `{"a": ${DIGITS}}`,
    /^f:1: the number cannot be represented exactly$/,
  ],
};

/** The error, with everything that a log or a person who prints it would see. */
function failureOf(read: () => unknown): TiphysError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof TiphysError);
    const shown =
      inspect(error, { depth: 9 }) +
      JSON.stringify(presentFields({ err: error }, { stacks: true }));
    for (const value of [CANARY, CANARY.slice(0, 4), DIGITS, DIGITS.slice(0, 6)])
      assert.ok(!shown.includes(value), shown);
    return error;
  }
  return assert.fail('it was read');
}

describe('what an unreadable Secret holds is not told', () => {
  for (const [name, [text, says]] of Object.entries(broken))
    test(`YAML: ${name}`, () => {
      assert.match(failureOf(() => parseManifests(HEAD + text, { file: 'f' })).message, says);
    });

  for (const [name, [text, says]] of Object.entries(brokenJson))
    test(`JSON: ${name}`, () => {
      assert.match(failureOf(() => parseJson(text, 'f')).message, says);
    });
});
