import fc from 'fast-check';

/** A piece of YAML, and whether a key stands twice in one of its maps: then we differ on purpose. */
export interface YamlPiece {
  readonly text: string;
  readonly repeatsKey: boolean;
}

const WORDS = ['y', 'Y', 'n', 'N', 'yes', 'Yes', 'YES', 'no', 'No', 'NO', 'on', 'On', 'ON', 'off']
  .concat(['Off', 'OFF', 'true', 'True', 'TRUE', 'false', 'False', 'FALSE', 'tRUE', 'yES', 'oN'])
  .concat([
    '~',
    'null',
    'Null',
    'NULL',
    'nULL',
    '',
    '<<',
    '=',
    '.',
    '-',
    '--',
    '---a',
    '...a',
    '?a',
  ])
  .concat(['.inf', '-.Inf', '+.INF', '.nan', '.NaN', '.NAN', 'inf', 'nan', 'Infinity', 'NaN'])
  .concat(['a', 'a b', "a'b", 'a#b', 'a:b', 'http://x:1/y', 'a,b', '[a', '{{ .x }}', '@a', '`a`'])
  .concat(['%a', '!a', '&a', '*a', '|a', '>a', '- a', 'é', '日本', '😀', '\u00a0', '\ufeff']);
const NUMBERS = ['0', '-0', '+0', '00', '007', '08', '09', '0644', '-0644', '+0644', '0o7', '0o8']
  .concat(['0O7', '0x1F', '0X1f', '-0x1', '0xg', '0b11', '0B1', '-0b1', '0b2', '1_000', '1__0'])
  .concat([
    '_1',
    '1_',
    '0_7',
    '0x_1',
    '0b_1',
    '0o_7',
    '1.',
    '.5',
    '-.5',
    '+.5',
    '1.5',
    '01.5',
    '1.0',
  ])
  .concat(['1e3', '1E3', '1e+3', '1e-3', '1.e3', '.5e1', '1e', 'e3', '1e400', '1e-400', '1_0.5'])
  .concat([
    '1._5',
    '1.5_',
    '0.1',
    '-0.0',
    '1e3.5',
    '0x1p3',
    '0x1.8p1',
    '1:30',
    '1:30:45',
    '190:20:30.15',
  ])
  .concat(['9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993'])
  .concat(['9223372036854775807', '9223372036854775808', '18446744073709551615'])
  .concat(['18446744073709551616', '-9223372036854775808', '-9223372036854775809', '1e19', '1e21'])
  .concat(['123456789012345678901234567890', '0x7fffffffffffffff', '0xffffffffffffffff', '0.1e1'])
  .concat(['0777777777777777777777', '1.7976931348623157e308', '5e-324', '3.14159265358979323846']);
const TIMES = [
  '2001-01-01',
  '2001-1-1',
  '2001-12-14t21:59:43.10-05:00',
  '2001-12-14 21:59:43.10 -5',
].concat(['2001-12-15 2:59:43.10', '2001-01-01T00:00:00Z', '2001-13-45', '12:30', '12:30:45']);
const TAGS = ['!!str', '!!int', '!!float', '!!bool', '!!null', '!!binary', '!!timestamp', '!!map']
  .concat([
    '!!seq',
    '!!set',
    '!!omap',
    '!!merge',
    '!',
    '!foo',
    '!foo!bar',
    '!<tag:yaml.org,2002:str>',
  ])
  .concat(['!!foo', '!!', '!<>', '!e!x']);

/** Where the two parsers part, beyond scalars: see `syntax` among the hand-picked files. */
const IS_APART = /^[-:!]$|^[:!]|:$|\?|^ +$/;

const plain = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...WORDS) },
    { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
    { weight: 1, arbitrary: fc.constantFrom(...TIMES) },
    { weight: 1, arbitrary: fc.integer().map(String) },
    { weight: 1, arbitrary: fc.double().map(String) },
    { weight: 1, arbitrary: fc.stringMatching(/^[-+]?[0-9._xXobeE]{1,8}$/) },
    { weight: 1, arbitrary: fc.stringMatching(/^[!-~ ]{1,6}$/) },
  )
  .filter((text) => !IS_APART.test(text) && !IS_APART.test(text.trim()));
const quoted = fc
  .oneof(plain, fc.string({ unit: 'grapheme', maxLength: 6 }))
  .chain((text) =>
    fc.constantFrom(JSON.stringify(text), `'${text.replaceAll("'", "''")}'`, `"${text}"`),
  );
const escapes = fc
  .array(
    fc
      .constantFrom('\\n', '\\t', '\\0', '\\x41', '\\u00e9', '\\U0001F600', '\\e', '\\_', '\\/')
      .filter(() => true),
    { maxLength: 3 },
  )
  .map((parts) => `"${parts.join('a')}"`);

const scalar: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: plain },
  { weight: 2, arbitrary: quoted },
  { weight: 1, arbitrary: escapes },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...TAGS), fc.oneof(plain, quoted))
      .map(([tag, text]) => `${tag} ${text}`),
  },
);

const keys = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e') },
  { weight: 1, arbitrary: fc.oneof(plain, quoted).filter((text) => !/^[?\s]/.test(text)) },
);

const flow: fc.Arbitrary<YamlPiece> = fc.letrec<{ value: YamlPiece }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: scalar.map((text) => ({ text, repeatsKey: false })) },
    {
      weight: 1,
      arbitrary: fc.array(tie('value'), { maxLength: 3 }).map((items) => ({
        text: `[${items.map(({ text }) => text).join(', ')}]`,
        repeatsKey: items.some(({ repeatsKey }) => repeatsKey),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.array(fc.tuple(keys, tie('value')), { maxLength: 3 }).map((entries) => ({
        text: `{${entries.map(([key, { text }]) => `${key}: ${text}`).join(', ')}}`,
        repeatsKey: repeats(entries) || entries.some(([, { repeatsKey }]) => repeatsKey),
      })),
    },
  ),
})).value;

const blockText = fc
  .tuple(
    fc.constantFrom('|', '>', '|-', '>-', '|+', '>+', '|2', '>1-'),
    fc.array(fc.constantFrom('a', 'b c', '', ' indented', '# no comment', 'x: y', '- z', 'x\tt'), {
      maxLength: 4,
    }),
  )
  .map(
    ([header, lines]) =>
      (indent: string) =>
        [header, ...lines.map((line) => `${indent}  ${line}`)].join('\n'),
  );

/** The lines of a map, for an indentation of so many blanks. */
type Block = (depth: number) => YamlPiece;

const block: fc.Arbitrary<Block> = fc.letrec<{ map: Block }>((tie) => ({
  map: fc
    .array(
      fc.tuple(
        keys,
        fc.oneof(
          { maxDepth: 3 },
          {
            weight: 5,
            arbitrary: flow.map(
              (piece): Block =>
                () =>
                  within(' ', piece),
            ),
          },
          {
            weight: 1,
            arbitrary: blockText.map(
              (write): Block =>
                (depth) => ({
                  text: ` ${write(' '.repeat(depth))}`,
                  repeatsKey: false,
                }),
            ),
          },
          {
            weight: 2,
            arbitrary: tie('map').map(
              (inner): Block =>
                (depth) =>
                  within('\n', inner(depth + 2)),
            ),
          },
          {
            weight: 2,
            arbitrary: fc.array(flow, { minLength: 1, maxLength: 3 }).map(
              (items): Block =>
                (depth) => ({
                  text: items.map(({ text }) => `\n${' '.repeat(depth)}- ${text}`).join(''),
                  repeatsKey: items.some(({ repeatsKey }) => repeatsKey),
                }),
            ),
          },
        ),
        fc.constantFrom('', '', '', '', ' # comment', ' ', '\t'),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map(
      (entries): Block =>
        (depth) => {
          const pieces = entries.map(([, value]) => value(depth));
          return {
            text: entries
              .map(
                ([key, , end], index) =>
                  `${' '.repeat(depth)}${key}:${ended(pieces[index]?.text ?? '', end)}`,
              )
              .join('\n'),
            repeatsKey: repeats(entries) || pieces.some(({ repeatsKey }) => repeatsKey),
          };
        },
    ),
})).map;

const anchored: fc.Arbitrary<YamlPiece> = fc
  .tuple(
    fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      plain.filter((text) => /^\w[\w.]*$/.test(text)),
      {
        minKeys: 1,
      },
    ),
    fc.constantFrom('*x', '[*x]', '[*x, *x]', '{z: 1}', 'no', '[*x, {b: 2}]', '[1]', '*nowhere'),
    fc.dictionary(
      fc.constantFrom('a', 'b', 'd'),
      plain.filter((text) => /^\w[\w.]*$/.test(text)),
    ),
    fc.boolean(),
    fc.constantFrom('<<', '"<<"', '!!merge <<'),
  )
  .map(([base, merged, own, mergeFirst, key]) => {
    const merge = `${key}: ${merged}`;
    const mine = Object.entries(own).map(([name, text]) => `${name}: ${text}`);
    const members = mergeFirst ? [merge, ...mine] : [...mine, merge];
    const first = Object.entries(base).map(([name, text]) => `${name}: ${text}`);
    return {
      text: `  base: &x {${first.join(', ')}}\n  more: {${members.join(', ')}}\n  again: *x`,
      repeatsKey: false,
    };
  });

/** The value of a field `value:` of an object, from the line after it on. */
export const YAML_VALUES: fc.Arbitrary<YamlPiece> = fc.oneof(
  { weight: 6, arbitrary: block.map((write) => write(2)) },
  { weight: 2, arbitrary: anchored },
  { weight: 3, arbitrary: flow.map((piece) => within('  ', piece)) },
);

/** Behind lines of a block, more blanks would be one more line. */
function ended(text: string, end: string): string {
  return text.includes('\n') || text.endsWith(' ') ? text : `${text}${end}`;
}

function within(before: string, piece: YamlPiece): YamlPiece {
  return { ...piece, text: `${before}${piece.text}` };
}

/** Keys that are not plain letters may mean the same without looking it: `y` and `true`. */
function repeats(entries: readonly (readonly [key: string, ...unknown[]])[]): boolean {
  const names = entries.map(([key]) => key);
  const odd = names.filter((name) => !/^[a-e]$/.test(name)).length;
  // A comma within an entry begins another one.
  const several = JSON.stringify(entries).includes('a,b');
  return several || odd > 0 || new Set(names).size < names.length;
}
