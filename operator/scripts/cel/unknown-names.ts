import type { parse } from '@bufbuild/cel';

type Expr = NonNullable<ReturnType<typeof parse>['expr']>;

/** Names of types may stand where variables do, as in `type(x) == int`. */
const TYPES = [
  'bool',
  'bytes',
  'double',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'type',
  'uint',
];

/**
 * What an expression uses that does not exist: variables other than `obj` and those of its own
 * macros, and functions. CEL itself would only say so when it comes to evaluating them.
 */
export function unknownNames(
  root: Expr | undefined,
  isFunction: (name: string) => boolean,
): readonly string[] {
  const found = new Set<string>();

  function visit(expr: Expr | undefined, variables: ReadonlySet<string>): void {
    const kind = expr?.exprKind;
    switch (kind?.case) {
      case 'identExpr':
        if (!variables.has(kind.value.name)) found.add(`unknown variable ${kind.value.name}`);
        return;
      case 'selectExpr':
        return visit(kind.value.operand, variables);
      case 'callExpr': {
        const { function: name, target, args } = kind.value;
        const prefix = dottedName(target);
        const isQualified = prefix !== undefined && isFunction(`${prefix}.${name}`);
        // Operators have names such as `_+_`.
        if (/^[A-Za-z]\w*$/.test(name) && !isQualified && !isFunction(name))
          found.add(`unknown function ${name}`);
        if (!isQualified) visit(target, variables);
        for (const argument of args) visit(argument, variables);
        return;
      }
      case 'listExpr':
        for (const item of kind.value.elements) visit(item, variables);
        return;
      case 'structExpr':
        for (const { keyKind, value } of kind.value.entries) {
          if (keyKind.case === 'mapKey') visit(keyKind.value, variables);
          visit(value, variables);
        }
        return;
      case 'comprehensionExpr': {
        const { iterVar, iterVar2, accuVar, ...parts } = kind.value;
        visit(parts.iterRange, variables);
        visit(parts.accuInit, variables);
        const inside = new Set([...variables, iterVar, iterVar2, accuVar]);
        for (const part of [parts.loopCondition, parts.loopStep, parts.result]) visit(part, inside);
        return;
      }
      default:
    }
  }

  visit(root, new Set(['obj', ...TYPES]));
  return [...found];
}

/** `a.b` for a chain of names, else `undefined`. */
function dottedName(expr: Expr | undefined): string | undefined {
  const kind = expr?.exprKind;
  if (kind?.case === 'identExpr') return kind.value.name;
  if (kind?.case !== 'selectExpr' || kind.value.testOnly) return undefined;
  const before = dottedName(kind.value.operand);
  return before === undefined ? undefined : `${before}.${kind.value.field}`;
}
