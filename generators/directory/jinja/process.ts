import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { argv, stdin, stdout } from 'node:process';
import { compileFunction } from 'node:vm';
import type { TemplateJob, TemplateResult } from './protocol.ts';
import { lookupMember, lookupName } from './sandbox.ts';

/**
 * The process in which templates run. It is started without permissions: no files but its own code, no
 * processes, no code from text. It reads one job, answers, and ends. The first argument is where
 * nunjucks is.
 */
interface Nunjucks {
  readonly Environment: new (loaders: readonly object[], options: object) => Environment;
  readonly compiler: {
    compile(
      text: string,
      asyncFilters: object,
      extensions: object,
      name: string,
      options: object,
    ): string;
  };
  readonly runtime: {
    memberLookup: (target: unknown, member: unknown) => unknown;
    contextOrFrameLookup: (context: Context, frame: Frame, name: string) => unknown;
  };
}
interface Environment {
  readonly filters: Record<string, unknown>;
  readonly tests: Record<string, unknown>;
  readonly globals: Record<string, unknown>;
  readonly asyncFilters: object;
  readonly extensionsList: object;
  readonly opts: object;
  render(name: string, values: object): string;
}
interface Context {
  readonly ctx: Record<string, unknown>;
  readonly env: Environment;
}
interface Frame {
  lookup(name: string): unknown;
}

/** A compiled template; besides `root` it has its blocks. */
interface Parts {
  readonly root: (...args: readonly unknown[]) => void;
}

const MAX_DEPTH = 50;
const nunjucks = createRequire(import.meta.url)(argv[2] ?? '') as Nunjucks;

let input = '';
for await (const chunk of stdin.setEncoding('utf8')) input += String(chunk);
const job = JSON.parse(input) as TemplateJob;
closeDoors();
stdout.write(JSON.stringify(renderAll(job)));

/** Whatever a template might find a way to, the way out is gone. */
function closeDoors(): void {
  for (const name of ['process', 'fetch', 'WebSocket', 'EventSource', 'Buffer', 'WebAssembly']) {
    Reflect.deleteProperty(globalThis, name);
  }
}

function renderAll({ templates, render, folders, values }: TemplateJob): readonly TemplateResult[] {
  nunjucks.runtime.memberLookup = lookupMember;
  nunjucks.runtime.contextOrFrameLookup = (context, frame, name) =>
    lookupVariable(frame.lookup(name), name, context);
  const environment = createEnvironment(new Map(Object.entries(templates)), folders);
  const results: TemplateResult[] = [];
  for (const name of render) {
    try {
      results.push({ text: environment.render(name, values) });
    } catch (error) {
      results.push({ error: error instanceof Error ? error.message : String(error) });
      break;
    }
  }
  return results;
}

function lookupVariable(own: unknown, name: string, { ctx, env }: Context): unknown {
  return own === undefined ? lookupName(name, [ctx, env.globals]) : own;
}

function createEnvironment(
  templates: ReadonlyMap<string, string>,
  folders: readonly string[],
): Environment {
  const loader = {
    isRelative: () => true,
    resolve(parent: string, name: string): string {
      const places = [parent.slice(0, Math.max(0, parent.lastIndexOf('/'))), ...folders];
      const found = places.map((folder) => join(folder, name)).find((path) => templates.has(path));
      return found ?? name;
    },
    getSource(name: string) {
      const text = templates.get(name);
      return text === undefined
        ? null
        : { src: { type: 'code', obj: compile(name, text) }, path: name };
    },
  };
  let depth = 0;
  const environment = new nunjucks.Environment([loader], {
    autoescape: false,
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
  });
  environment.filters['tojson'] = (value: unknown) => JSON.stringify(value);
  environment.filters['b64encode'] = (value: unknown) =>
    Buffer.from(String(value)).toString('base64');
  // Looked up by names that templates choose.
  for (const table of [environment.filters, environment.tests, environment.globals]) {
    Object.setPrototypeOf(table, null);
  }
  return environment;

  /** As nunjucks does it, but for `new Function`, which this process does not have. */
  function compile(name: string, text: string): unknown {
    const { asyncFilters, extensionsList, opts } = environment;
    try {
      const code = nunjucks.compiler.compile(text, asyncFilters, extensionsList, name, opts);
      const parts = (compileFunction(code, [], { filename: name }) as () => Parts)();
      return { ...parts, root: bounded(name, parts.root) };
    } catch (error) {
      throw withPlace(name, error);
    }
  }

  function bounded(name: string, root: Parts['root']): Parts['root'] {
    return (...args) => {
      depth += 1;
      try {
        if (depth > MAX_DEPTH) throw new Error(`${name}: more than ${MAX_DEPTH} templates deep`);
        root(...args);
      } finally {
        depth -= 1;
      }
    };
  }
}

/** Of a template that cannot be read nunjucks tells the line, but not the file. */
function withPlace(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('lineno' in error)) return error;
  return new Error(`(${name}) [Line ${String(error.lineno)}]\n  ${error.message}`);
}

function join(folder: string, name: string): string {
  const names = folder === '' ? [] : folder.split('/');
  for (const part of name.split('/')) {
    if (part === '..') names.pop();
    else if (part !== '' && part !== '.') names.push(part);
  }
  return names.join('/');
}
