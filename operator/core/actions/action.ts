import type { KubeObject } from '../objects/kube-object.ts';

/** What a person can do to an object, as lists show it. */
export interface ActionInfo {
  readonly name: string;
  readonly displayName: string;
  /** Classes of a Font Awesome icon, or empty. */
  readonly iconClass: string;
  /** It makes no sense for the object as it is now. */
  readonly disabled: boolean;
  /** Why it is disabled, where that is known. */
  readonly reason?: string;
  readonly params: readonly ActionParameter[];
}

export interface ActionParameter {
  readonly name: string;
}

/** One object as it shall be: the object itself with changes, or a new one. */
export interface ActionStep {
  readonly operation: 'patch' | 'create';
  readonly object: KubeObject;
}

/** What an action does, in this order. Empty: nothing is left to do. */
export type ActionPlan = readonly ActionStep[];

export interface ActionRequest {
  /** RFC 3339 with whole seconds, in UTC. */
  readonly now: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** An action that is part of Tiphys. */
export interface BuiltInAction {
  readonly name: string;
  readonly displayName: string;
  readonly iconClass: string;
  readonly params?: readonly ParameterRule[];
  /** A sentence for the documentation: what it changes. */
  readonly does: string;
  /** Why it makes no sense for an object as it is now; `undefined` when it does. */
  readonly refusal?: (object: KubeObject) => string | undefined;
  /** Parameters have passed their rules. The result shares what it does not change with the object. */
  readonly plan: (object: KubeObject, request: ActionRequest) => ActionPlan;
}

export interface ParameterRule extends ActionParameter {
  /** What is wrong with a value, e.g. `is not a whole number`; `undefined` when nothing is. */
  readonly problem: (value: string, object: KubeObject) => string | undefined;
}

/** The built-in actions of some kinds. */
export interface KindActions {
  /** Who makes these kinds. */
  readonly project: string;
  /** The public page that says what the changed fields do. */
  readonly docs: string;
  readonly group: string;
  readonly kinds: readonly string[];
  readonly actions: readonly BuiltInAction[];
}
