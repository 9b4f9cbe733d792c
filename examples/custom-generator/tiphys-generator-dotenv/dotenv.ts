import { TiphysError } from 'tiphys';
import { defineGenerator, type Generator } from 'tiphys/generators';

const FILE = 'app.env';
const MAX_BYTES = 100_000;

/** `app.env` in the folder of an Application becomes a ConfigMap named like the Application. */
export const dotenv: Generator = defineGenerator({
  name: 'Dotenv',
  version: async () => 'dotenv 1',
  claims: () => false,
  async detect(tree, path, signal) {
    return (await tree.resolve(fileIn(path), signal))?.type === 'file';
  },
  async generate({ tree, path, appName }, signal) {
    const content = await tree.read(fileIn(path), { maxBytes: MAX_BYTES }, signal);
    const data = parse(content.toString('utf8'), fileIn(path));
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: appName }, data };
    return { objects: [object], readSet: [] }; // what goes through `tree` is noted by itself
  },
});

const fileIn = (path: string): string => (path === '' ? FILE : `${path}/${FILE}`);

/** `NAME=value` lines; empty ones and comments are passed over. */
function parse(text: string, file: string): Readonly<Record<string, string>> {
  const data: Record<string, string> = {};
  for (const [index, line] of text.split('\n').entries()) {
    const [, name, value] = /^\s*([-._A-Za-z0-9]+)\s*=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) data[name] = value.trim();
    else if (!/^\s*(#|$)/.test(line))
      throw new TiphysError('InvalidManifest', `${file}:${index + 1}: is not NAME=value`);
  }
  return data;
}
