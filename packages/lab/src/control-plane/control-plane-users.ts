/** The names by which the control plane's own parties ask its API server; roles are bound to them. */
export const controlPlaneUsers = {
  scheduler: 'system:kube-scheduler',
  controllers: 'system:kube-controller-manager',
  /** Makes what every cluster has before anybody asks for anything. */
  bootstrap: 'weir:bootstrap',
} as const;
