import { allRoutes, type RouteAccess } from '../api/index.ts';

const BEGIN = '<!-- routes: written by `make docs` from api/routes -->';
const END = '<!-- end of routes -->';

/** The page `docs/api.md` with the table of routes that the code has; the rest stays as it is. */
export function apiPage(present: string): string {
  const [before = '', rest] = present.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`docs/api.md lacks the lines ${BEGIN} and ${END}`);
  return `${before}${BEGIN}\n${routesTable()}\n${END}${after}`;
}

function routesTable(): string {
  const rows = allRoutes({ version: '', hasExtensions: true }).map(
    ({ method, path, summary, access }) =>
      `| \`${method.toUpperCase()} ${path}\` | ${summary} | ${wordsOf(access)} |`,
  );
  return ['| route | what it does | who may |', '| --- | --- | --- |', ...rows].join('\n');
}

function wordsOf(access: RouteAccess): string {
  switch (access.type) {
    case 'public':
      return 'anybody';
    case 'signed-in':
      return 'whoever signed in';
    case 'filtered':
      return `everybody sees theirs: \`${access.resource}, ${access.action}\``;
    case 'needs':
      return `\`${access.resource}, ${access.action}\``;
    case 'own-rule':
      return access.rule;
  }
}
