/** User names of the control plane's certificates; roles are bound to them. */
export const controlPlaneUsers = {
  scheduler: 'system:kube-scheduler',
  controllers: 'system:kube-controller-manager',
  /** Makes what every cluster has before anybody asks for anything. */
  bootstrap: 'weir:bootstrap',
} as const;
