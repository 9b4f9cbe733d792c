import type { HealthStatusCode } from '../app/types.ts';

/** What Tiphys knows of the kinds of one project, written from its public API documentation. */
export interface Project {
  readonly name: string;
  /** Where the status of its kinds is documented. */
  readonly docs: string;
  readonly rows: readonly TableRow[];
}

/** How the objects of some kinds are judged: by the first step that applies; by none, no health. */
export interface TableRow {
  /** Exact, or `*.` and the rest of the name. */
  readonly groups: readonly string[];
  /** Exact, or the single `*`. */
  readonly kinds: readonly string[];
  /** The `status.observedGeneration` is that of an object below it, and is compared with nothing. */
  readonly hasForeignGeneration?: true;
  readonly steps: readonly Step[];
}

/** A dotted path from the object, such as `status.phase`. */
type Field = string;

/**
 * The few things a row can ask of an object. A condition that carries an `observedGeneration` of
 * its own is Progressing when that is not the object's generation, whatever it says.
 */
export type Step =
  | {
      readonly type: 'condition';
      /** The type; may begin or end with `*`. */
      readonly condition: string;
      /** Its status, `True`, `False` or `Unknown`. */
      readonly is: string;
      readonly means: HealthStatusCode;
      readonly reasons?: readonly string[];
      readonly exceptReasons?: readonly string[];
      readonly severity?: string;
    }
  /**
   * Of the conditions of these types, whatever their status, the one that changed last. For
   * controllers that leave what they said before. None: does not apply.
   */
  | { readonly type: 'newest'; readonly conditions: Readonly<Record<string, HealthStatusCode>> }
  /** All conditions: one False is `failed`, one that is neither is Progressing, all True Healthy. None: does not apply. */
  | { readonly type: 'every'; readonly failed: HealthStatusCode }
  /**
   * The controller has not seen the newest spec. Absent applies only when `required`. Where a row
   * does not say it, it `isImplied`, and 0 is what a controller leaves that never writes it.
   */
  | {
      readonly type: 'observed';
      readonly field: Field;
      readonly required: boolean;
      readonly isImplied?: true;
    }
  | {
      readonly type: 'words';
      readonly field: Field;
      /** In lower case; one that ends with `*` stands for all that begin so; the empty one for none. */
      readonly words: Readonly<Record<string, HealthStatusCode>>;
      /** The first of these that is a text becomes the message. */
      readonly messages: readonly Field[];
    }
  | {
      readonly type: 'is';
      readonly field: Field;
      readonly value: string | number | boolean;
      readonly means: HealthStatusCode;
      readonly message: string;
    }
  /** A text other than the empty one, a number other than 0, true, or a list or an object that is not empty. */
  | {
      readonly type: 'present' | 'absent';
      readonly field: Field;
      readonly means: HealthStatusCode;
      /** Without one, a text that is present is the message of anything but Healthy. */
      readonly message?: string;
    }
  /** `have` is less than `want`, a field or a number. An absent `have` is 0, an absent `want` never more. */
  | {
      readonly type: 'fewer';
      readonly have: Field;
      readonly want: Field | number;
      readonly means: HealthStatusCode;
      readonly what: string;
    }
  /** A text such as `1/3` whose first number is less than the second. */
  | { readonly type: 'fraction'; readonly field: Field; readonly what: string }
  /** The worst of the items, each judged as if it were `status`. An empty list does not apply. */
  | { readonly type: 'each'; readonly list: Field; readonly steps: readonly Step[] }
  | { readonly type: 'otherwise'; readonly means: HealthStatusCode; readonly message: string };

type Of<T extends Step['type']> = Extract<Step, { readonly type: T }>;
type Narrowing = Pick<Of<'condition'>, 'reasons' | 'exceptReasons' | 'severity'>;

export function condition(
  type: string,
  is: string,
  means: HealthStatusCode,
  narrowing: Narrowing = {},
): Step {
  return { type: 'condition', condition: type, is, means, ...narrowing };
}

export function newest(conditions: Readonly<Record<string, HealthStatusCode>>): Step {
  return { type: 'newest', conditions };
}

export const every = (failed: HealthStatusCode): Step => ({ type: 'every', failed });

export function observed(field: Field = 'status.observedGeneration'): Of<'observed'> {
  return { type: 'observed', field, required: false };
}

/** As `observed`, for kinds whose controller always says what it has seen. */
export function mustObserve(field: Field = 'status.observedGeneration'): Step {
  return { type: 'observed', field, required: true };
}

export function words(
  field: Field,
  meaning: Partial<Record<HealthStatusCode, readonly string[]>>,
  messages: readonly Field[] = ['status.message', 'status.reason'],
): Step {
  const flat = Object.entries(meaning).flatMap(([status, list]) =>
    list.map((word) => [word.toLowerCase(), status as HealthStatusCode] as const),
  );
  return { type: 'words', field, words: Object.fromEntries(flat), messages };
}

export function is(
  field: Field,
  value: string | number | boolean,
  means: HealthStatusCode,
  message = '',
): Step {
  return { type: 'is', field, value, means, message };
}

export function present(field: Field, means: HealthStatusCode, message?: string): Step {
  return { type: 'present', field, means, ...(message === undefined ? {} : { message }) };
}

export function absent(field: Field, means: HealthStatusCode, message = ''): Step {
  return { type: 'absent', field, means, message };
}

export function fewer(
  have: Field,
  want: Field | number,
  what: string,
  means: HealthStatusCode = 'Progressing',
): Step {
  return { type: 'fewer', have, want, what, means };
}

export const fraction = (field: Field, what: string): Step => ({ type: 'fraction', field, what });

export const each = (list: Field, steps: readonly Step[]): Step => ({ type: 'each', list, steps });

export function otherwise(means: HealthStatusCode, message = ''): Step {
  return { type: 'otherwise', means, message };
}

export const suspended = (field: Field = 'spec.suspend'): Step =>
  is(field, true, 'Suspended', `${field} is true`);

/** For kinds whose controller writes a status soon after the object is made. */
export const waiting = (what = 'the first status'): Step =>
  otherwise('Progressing', `waiting for ${what}`);

/** Steps for the condition that sums up all others: True, False, Unknown, and not there yet. */
export function ready(type = 'Ready', failed: HealthStatusCode = 'Degraded'): readonly Step[] {
  return [
    condition(type, 'True', 'Healthy'),
    condition(type, 'False', failed),
    condition(type, 'Unknown', 'Progressing'),
  ];
}

/** The three conditions that operators of OpenShift agreed on. */
export const availableProgressingDegraded: readonly Step[] = [
  condition('Degraded', 'True', 'Degraded'),
  condition('Progressing', 'True', 'Progressing'),
  condition('Available', 'True', 'Healthy'),
  condition('Available', 'False', 'Degraded'),
];
