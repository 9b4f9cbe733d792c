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
    const data = parse(content.toString('utf8'));
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: appName }, data };
    return { objects: [object], readSet: [] };
  },
});

const fileIn = (path: string): string => (path === '' ? FILE : `${path}/${FILE}`);

/** `NAME=value` lines; empty ones and comments are passed over. */
function parse(text: string): Readonly<Record<string, string>> {
  const entries = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals).trim(), line.slice(equals + 1).trim()] as const;
    });
  return Object.fromEntries(entries);
}
