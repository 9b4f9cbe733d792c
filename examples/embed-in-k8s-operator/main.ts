import { startTeamOperator } from './team-operator.ts';

// node main.ts KUBECONFIG NAMESPACE REPOSITORY
// A process of its own: the framework ends its process when a watch ends, also when it is stopped.

const [kubeconfigPath = '', namespace = '', repoURL = ''] = process.argv.slice(2);
await startTeamOperator({ kubeconfigPath, namespace, repoURL });
