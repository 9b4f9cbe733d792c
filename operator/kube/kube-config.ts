// What we use of client-node, so that a bundle can leave out the rest.
export { KubeConfig } from '@kubernetes/client-node';
