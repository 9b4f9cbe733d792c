import type { BuiltInAction, ParameterRule } from './action.ts';
import { patchOf, withSpec } from './edit.ts';

const MAX_REPLICAS = 2_147_483_647;

/** A number of replicas as Kubernetes takes it. */
export const REPLICAS: ParameterRule = {
  name: 'replicas',
  problem: (value) =>
    /^\d{1,10}$/.test(value) && Number(value) <= MAX_REPLICAS
      ? undefined
      : `is not a whole number from 0 to ${MAX_REPLICAS}`,
};

export const scale: BuiltInAction = {
  name: 'scale',
  displayName: 'Scale',
  iconClass: 'fa fa-fw fa-plus-circle',
  params: [REPLICAS],
  does: 'sets `spec.replicas` to `replicas`',
  plan: (object, { parameters }) =>
    patchOf(withSpec(object, { replicas: Number(parameters['replicas']) })),
};
