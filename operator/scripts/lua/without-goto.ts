/**
 * The Lua of Argo CD is 5.1 with the `goto` of 5.2, which people use for one thing: `goto continue`,
 * with the label at the end of a loop's body. This rewrites that into 5.1: the body becomes a
 * `repeat … until true`, which `break` leaves. Lines keep their numbers.
 */
export type Rewritten = { readonly source: string } | { readonly error: string };

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

type BlockType = 'function' | 'head' | 'loop' | 'repeat' | 'plain';

interface Block {
  type: BlockType;
  readonly parent: Block | undefined;
  /** Names the variables of this loop. */
  readonly id: number;
  bodyStart: number;
  /** Where the word begins that ends the block, and where it ends. */
  closing: { readonly start: number; readonly end: number } | undefined;
  /** The label at the very end of the block. */
  label: string | undefined;
  readonly breaks: Token[];
}

interface Jump {
  readonly at: { readonly start: number; readonly end: number };
  readonly label: string;
  readonly from: Block;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A source without `goto` is returned as it is, also when it is no Lua. */
export function withoutGoto(source: string): Rewritten {
  if (!/\bgoto\s+[A-Za-z_]/.test(source)) return { source };
  const { jumps, blocks, labels } = parse(tokensOf(source));
  if (jumps.length === 0) return { source };
  const edits: Edit[] = labels.map(({ start, end }) => ({ start, end, text: ' ' }));
  const targets = new Set<Block>();
  const left = new Set<string>();
  const routes: {
    readonly jump: Jump;
    readonly loops: readonly Block[];
    readonly target: Block;
  }[] = [];
  for (const jump of jumps) {
    const route = routeOf(jump);
    if (route === undefined) return { error: unsupported(source, jump) };
    targets.add(route.target);
    routes.push({ jump, ...route });
  }
  /** Leaves a loop from within, also one whose body is wrapped. */
  const leave = (loop: Block) =>
    `${targets.has(loop) ? `__break${loop.id} = true ` : ''}do break end`;
  for (const { jump, loops, target } of routes) {
    const [innermost] = loops;
    const text =
      innermost === undefined ? 'do break end' : `__goto${target.id} = true ${leave(innermost)}`;
    edits.push({ ...jump.at, text });
    for (const [index, loop] of loops.entries()) {
      const outer = loops[index + 1];
      const at = loop.closing?.end ?? source.length;
      if (left.has(`${loop.id} ${target.id}`)) continue;
      left.add(`${loop.id} ${target.id}`);
      const go = outer === undefined ? 'do break end' : leave(outer);
      edits.push({ start: at, end: at, text: ` if __goto${target.id} then ${go} end` });
    }
  }
  for (const block of blocks) {
    if (!targets.has(block) || block.closing === undefined) continue;
    const { start } = block.closing;
    const names = `__break${block.id}, __goto${block.id}`;
    edits.push({
      start: block.bodyStart,
      end: block.bodyStart,
      text: ` local ${names} = false, false repeat`,
    });
    edits.push({ start, end: start, text: ` until true if __break${block.id} then break end ` });
    for (const { start: from, end } of block.breaks)
      edits.push({ start: from, end, text: `__break${block.id} = true break` });
  }
  return { source: applied(source, edits) };
}

/** The loop whose end a jump goes to, and the loops it has to leave before, the innermost first. */
function routeOf({ from, label }: Jump): { loops: readonly Block[]; target: Block } | undefined {
  const loops: Block[] = [];
  for (let block: Block | undefined = from; block !== undefined; block = block.parent) {
    if (block.type === 'function') return undefined;
    if (block.type !== 'loop' && block.type !== 'repeat') continue;
    if (block.label === label) return block.type === 'loop' ? { loops, target: block } : undefined;
    // After `until` stands an expression, whose end is not known here.
    if (block.type === 'repeat') return undefined;
    loops.push(block);
  }
  return undefined;
}

function unsupported(source: string, { at, label }: Jump): string {
  const line = source.slice(0, at.start).split('\n').length;
  return `script:${line}: goto ${label}: only the end of a for or while loop around it can be gone to`;
}

function applied(source: string, edits: readonly Edit[]): string {
  let text = '';
  let at = 0;
  for (const edit of edits.toSorted((left, right) => left.start - right.start)) {
    text += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + source.slice(at);
}

interface Parsed {
  readonly blocks: readonly Block[];
  readonly jumps: readonly Jump[];
  readonly labels: readonly { readonly start: number; readonly end: number }[];
}

/** Which words open a block. Of `while` and `for` the body begins at their `do`. */
const OPENING: Readonly<Record<string, BlockType>> = {
  function: 'function',
  if: 'plain',
  repeat: 'repeat',
  while: 'head',
  for: 'head',
};

function parse(tokens: readonly Token[]): Parsed {
  const blocks: Block[] = [];
  const jumps: Jump[] = [];
  const labels: { start: number; end: number }[] = [];
  let top = open('function', undefined, 0);
  let ending: string | undefined;

  function open(type: BlockType, parent: Block | undefined, bodyStart: number): Block {
    const block: Block = {
      type,
      parent,
      id: blocks.length,
      bodyStart,
      closing: undefined,
      label: undefined,
      breaks: [],
    };
    blocks.push(block);
    return block;
  }

  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) break;
    const { text, start, end } = token;
    const next = tokens[index + 1];
    const label = labelAt(tokens, index);
    if (label !== undefined) {
      labels.push({ start, end: label.end });
      ending = label.name;
      index += 2;
      continue;
    }
    const closesBody = text === 'end' || text === 'until';
    if (closesBody) {
      top.closing = { start, end };
      top.label = ending;
      top = top.parent ?? top;
    } else if (text === 'do' && top.type === 'head') {
      top.type = 'loop';
      top.bodyStart = end;
    } else if (text === 'do') top = open('plain', top, end);
    else if (Object.hasOwn(OPENING, text)) top = open(OPENING[text] ?? 'plain', top, end);
    else if (text === 'break') loopAround(top)?.breaks.push(token);
    else if (text === 'goto' && next !== undefined && isName(next) && !isMember(tokens, index)) {
      jumps.push({ at: { start, end: next.end }, label: next.text, from: top });
      index++;
    }
    if (text !== ';') ending = undefined;
  }
  return { blocks, jumps, labels };
}

function loopAround(block: Block): Block | undefined {
  for (let at: Block | undefined = block; at !== undefined; at = at.parent) {
    if (at.type === 'function') return undefined;
    if (at.type === 'loop' || at.type === 'repeat') return at;
  }
  return undefined;
}

/** `::name::` */
function labelAt(
  tokens: readonly Token[],
  index: number,
): { readonly name: string; readonly end: number } | undefined {
  const [before, name, after] = tokens.slice(index, index + 3);
  if (before?.text !== '::' || after?.text !== '::' || name === undefined) return undefined;
  return isName(name) ? { name: name.text, end: after.end } : undefined;
}

const KEYWORDS = new Set(
  'and break do else elseif end false for function if in local nil not or repeat return then true until while'.split(
    ' ',
  ),
);
const isName = ({ text }: Token): boolean => /^[A-Za-z_]/.test(text) && !KEYWORDS.has(text);
/** `x.goto` is a member of that name. */
const isMember = (tokens: readonly Token[], index: number): boolean =>
  ['.', ':'].includes(tokens[index - 1]?.text ?? '');

/** Comments and texts are passed over; what else matters are words, and the sign of a label. */
const SKIPPED = /\s+|--\[(=*)\[[^]*?(?:\]\1\]|$)|--[^\n]*/y;
const TEXT = /\[(=*)\[[^]*?(?:\]\1\]|$)|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?/y;
const WORD = /[A-Za-z_]\w*|\d[\w.]*|::|[^]/y;

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const matched = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const skipped = matched(SKIPPED);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const text = matched(TEXT);
    const token = text ?? matched(WORD) ?? '';
    tokens.push({ text: text === undefined ? token : '""', start: at, end: at + token.length });
    at += token.length;
  }
  return tokens;
}
