import {
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
  YAMLException,
} from 'js-yaml';
import { isJsonArray, isJsonObject, type JsonValue } from '../../operator/core/objects/json.ts';
import { keyOf, readPlain, readTagged, type Scalar, valueOf } from './scalars.ts';

export interface ConstructLimits {
  readonly maxAliases: number;
  /** Keys that merges (`<<`) may copy. */
  readonly maxMergedKeys: number;
}

/** What stands in a document, before it becomes a value or a key. */
type Node =
  | {
      readonly type: 'scalar';
      readonly scalar: Scalar;
      readonly source: string;
      /** Quoted, and over a line break that js-yaml takes for a character. */
      readonly isBroken: boolean;
    }
  | { readonly type: 'list'; readonly value: JsonValue[] }
  | { readonly type: 'map'; readonly value: MutableMap };

type MutableMap = Record<string, JsonValue>;

/** No name: a merge. */
interface Key {
  readonly name: string | undefined;
  /** What makes keys one for kubectl besides their text: floats are written with fewer digits than they have. */
  readonly kind: string;
}

interface Frame {
  readonly node: Node & { readonly type: 'list' | 'map' };
  readonly anchor: string | undefined;
  readonly position: number;
  /** Keys that came by a merge: of these it is not known what they were. */
  merged: Set<string> | undefined;
  /** What keys were that are not text, such as `integer`. */
  kinds: Map<string, string> | undefined;
  pending: (Key & { readonly position: number }) | undefined;
}

/**
 * The documents of a stream of events as JSON values, with the rules of yaml.v2 that kubectl uses: a merge
 * (`<<`) replaces what stands before it in its map and gives way to what stands after it, tags of lists
 * and maps say nothing, and of a key that stands twice the last one counts. Only where two different ones come out
 * alike (`1` and `"1"`) it is an error: kubectl takes either, by chance.
 *
 * Errors: `YAMLException` with the place; `UnrepresentableNumber`.
 */
export function constructDocuments(
  events: readonly Event[],
  source: string,
  limits: ConstructLimits,
): readonly JsonValue[] {
  const documents: JsonValue[] = [];
  const frames: Frame[] = [];
  let anchors = new Map<string, Node>();
  const open = new Set<string>();
  const isJson = /^\s*\{/.test(source);
  let document: JsonValue = null;
  let [aliases, merged] = [0, 0];

  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        [anchors, document, aliases] = [new Map<string, Node>(), null, 0];
        break;
      case EVENT_ID.SCALAR: {
        const node = scalarNode(event);
        const anchor = anchorOf(event);
        if (anchor !== undefined) anchors.set(anchor, node);
        add(node, startOf(event));
        break;
      }
      case EVENT_ID.SEQUENCE:
        enter({ type: 'list', value: [] }, event);
        break;
      case EVENT_ID.MAPPING:
        enter({ type: 'map', value: {} }, event);
        break;
      case EVENT_ID.ALIAS: {
        const position = event.anchorStart;
        aliases += 1;
        if (aliases > limits.maxAliases)
          fail(position, `exceeded max aliases (${limits.maxAliases})`);
        const name = source.slice(position, event.anchorEnd);
        if (open.has(name)) fail(position, 'exceeded max depth: a reference leads back to itself');
        add(anchors.get(name) ?? fail(position, 'unidentified alias'), position);
        break;
      }
      case EVENT_ID.POP: {
        const frame = frames.pop();
        if (frame === undefined) documents.push(document);
        else leave(frame);
        break;
      }
    }
  }
  return documents;

  function enter(node: Frame['node'], event: SequenceEvent | MappingEvent): void {
    const anchor = anchorOf(event);
    const position = startOf(event);
    if (anchor !== undefined) {
      anchors.set(anchor, node);
      open.add(anchor);
    }
    frames.push({
      node,
      anchor,
      position,
      merged: undefined,
      kinds: undefined,
      pending: undefined,
    });
  }

  /** A map is merged when it is whole. */
  function leave(frame: Frame): void {
    if (frame.anchor !== undefined) open.delete(frame.anchor);
    add(frame.node, frame.position);
  }

  function add(node: Node, position: number): void {
    const frame = frames.at(-1);
    if (frame === undefined) document = plainValue(node);
    else if (frame.node.type === 'list') {
      frame.node.value.push(plainValue(node));
    } else if (frame.pending === undefined)
      frame.pending = { ...readKey(node, position), position };
    else {
      const { name, kind, position: keyPosition } = frame.pending;
      frame.pending = undefined;
      if (name === undefined) merge(frame, frame.node.value, node, keyPosition);
      else {
        noteKey(frame, frame.node.value, { name, kind }, keyPosition);
        assign(frame.node.value, name, plainValue(node));
      }
    }
  }

  function noteKey(
    frame: Frame,
    target: MutableMap,
    { name, kind }: Key & { readonly name: string },
    position: number,
  ): void {
    const isKnown = Object.hasOwn(target, name) && frame.merged?.delete(name) !== true;
    if (isKnown && (frame.kinds?.get(name) ?? 'text') !== kind)
      fail(position, 'two different keys are written alike');
    if (kind !== 'text') (frame.kinds ??= new Map()).set(name, kind);
  }

  function readKey(node: Node, position: number): Key {
    if (node.type !== 'scalar') fail(position, 'a list or map cannot be a key');
    const { scalar } = node;
    if (scalar.type === 'merge') return { name: undefined, kind: '' };
    if (node.isBroken && !isJson && !isAfterMark(position))
      fail(position, 'a quoted key has a line break');
    const name = keyOf(scalar) ?? fail(position, 'this cannot be a key');
    if (scalar.type !== 'float') return { name, kind: scalar.type };
    const isNumber = !Number.isNaN(scalar.value); // one that is none is no other's equal
    return { name, kind: `float ${isNumber ? scalar.value : position}` };
  }

  /** Whether a key stands after `?`, which lets it have many lines. */
  function isAfterMark(position: number): boolean {
    return /\?\s*['"]?$/.test(source.slice(Math.max(0, position - 1_000), position));
  }

  function merge(frame: Frame, target: MutableMap, node: Node, position: number): void {
    const value = plainValue(node);
    // Of several, the first is the strongest.
    for (const source of isJsonArray(value) ? value.toReversed() : [value]) {
      if (!isJsonObject(source)) fail(position, 'only a map, or a list of maps, can be merged');
      merged += 1;
      for (const [key, member] of Object.entries(source)) {
        merged += 1;
        if (!Object.hasOwn(target, key)) (frame.merged ??= new Set()).add(key);
        assign(target, key, member ?? null);
      }
      if (merged > limits.maxMergedKeys) {
        fail(position, `exceeded max merged keys (${limits.maxMergedKeys})`);
      }
    }
  }

  function scalarNode(event: ScalarEvent): Node {
    const text = getScalarValue(source, event);
    const position = startOf(event);
    const isQuoted = event.style === SCALAR_STYLE.DOUBLE_QUOTED;
    if (isQuoted && hasBadEscape(source.slice(event.valueStart, event.valueEnd), isJson)) {
      fail(position, 'unknown escape character');
    }
    const tag = tagOf(event);
    const isPlain = event.style === SCALAR_STYLE.PLAIN;
    const scalar: Scalar =
      tag === undefined || tag === '!'
        ? isPlain && tag === undefined
          ? readPlain(text)
          : { type: 'text', text }
        : tag === MERGE && text === '<<'
          ? { type: 'merge' }
          : readTagged(text, tag);
    if (scalar.type === 'refused') fail(position, scalar.reason);
    const isBroken = !isPlain && BREAKS.test(source.slice(event.valueStart, event.valueEnd));
    return { type: 'scalar', scalar, source: text, isBroken };
  }

  function anchorOf(event: ScalarEvent | SequenceEvent | MappingEvent): string | undefined {
    if (event.anchorStart < 0) return undefined;
    const name = source.slice(event.anchorStart, event.anchorEnd);
    if (!/^[\w-]+$/.test(name)) fail(event.anchorStart, 'an anchor has letters and digits only');
    return name;
  }

  function tagOf(event: ScalarEvent): string | undefined {
    if (event.tagStart < 0) return undefined;
    const raw = source.slice(event.tagStart, event.tagEnd);
    if (raw === '!<>' || raw === '!!') fail(event.tagStart, 'a tag without a name');
    if (raw.startsWith('!<')) return raw.slice(2, -1);
    return raw.startsWith('!!') ? `tag:yaml.org,2002:${raw.slice(2)}` : raw;
  }

  function fail(position: number, reason: string): never {
    return YAMLException.throwAt(source, position, reason);
  }
}

const MERGE = 'tag:yaml.org,2002:merge';

/** Ends of lines for yaml.v2. The third of them, U+0085, is made a plain one before. */
const BREAKS = /[\u2028\u2029]/;

function plainValue(node: Node): JsonValue {
  return node.type === 'scalar' ? valueOf(node.scalar, node.source) : node.value;
}

/** Defined, not assigned: `__proto__` is a key like any other. */
function assign(map: MutableMap, key: string, value: JsonValue): void {
  if (key !== '__proto__') map[key] = value;
  else {
    const property = { value, enumerable: true, writable: true, configurable: true };
    Object.defineProperty(map, key, property);
  }
}

/** One escape, or two that are halves of one character. */
const ESCAPE = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F]|\\[^]/g;

/** `\/` and characters in halves are for JSON only, and half a character is for nobody. */
function hasBadEscape(quoted: string, isJson: boolean): boolean {
  if (!/\\(?:\/|u[dD])/.test(quoted)) return false;
  return (quoted.match(ESCAPE) ?? []).some((escape) => {
    if (escape === '\\/' || escape.length === 12) return !isJson;
    return /^\\u[dD]/.test(escape);
  });
}

function startOf(event: ScalarEvent | SequenceEvent | MappingEvent): number {
  if (event.tagStart >= 0) return event.tagStart;
  if (event.anchorStart >= 0) return event.anchorStart;
  return 'valueStart' in event ? event.valueStart : event.start;
}
