/** What people read about network policies and ingresses, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const networkingDocumentation = `
# io.k8s.api.networking.v1
NetworkPolicy: Which traffic pods may take and send; what no policy of a pod's direction allows is blocked.
NetworkPolicySpec: Which pods, and which traffic.
  podSelector: The pods of the namespace that the policy is about; empty for all.
  ingress: What they may take; with no rule, nothing.
  egress: What they may send; with no rule, nothing.
  policyTypes(Egress|Ingress): Which directions the policy is about.
NetworkPolicyIngressRule: Traffic that pods may take: from one of the peers, to one of the ports.
  ports: To which ports; to all when empty.
  from: Who may send; anybody when empty.
NetworkPolicyEgressRule: Traffic that pods may send: to one of the peers, to one of the ports.
  ports: To which ports; to all when empty.
  to: Where to; anywhere when empty.
NetworkPolicyPort: A port, or a range of them.
  protocol(SCTP|TCP|UDP): The protocol; TCP by default.
  port: The number, or the name of a port of the pods; all ports when absent.
  endPort: The last port of a range that begins with 'port'.
NetworkPolicyPeer: Who is at the other end.
  podSelector: Pods, by their labels; in the policy's own namespace unless 'namespaceSelector' is set.
  namespaceSelector: Namespaces, by their labels.
  ipBlock: A range of addresses; it stands alone.
IPBlock: A range of addresses.
  cidr!: The range, for example '192.0.2.0/24'.
  except: Ranges inside it that are left out.
Ingress: How HTTP from outside reaches services.
IngressSpec: Which requests go where.
  ingressClassName: Which controller works on it.
  defaultBackend: Where requests go that no rule is for.
  tls: Certificates for hosts.
  rules: Which requests go where, by host.
IngressBackend: Where requests go.
  service: A port of a service.
  resource: An object in the same namespace.
IngressServiceBackend: A port of a service.
  name!: The service.
  port: The port.
ServiceBackendPort: A port, by name or by number.
  name: The name of the port.
  number: The number of the port.
IngressTLS: A certificate for hosts.
  hosts: The hosts.
  secretName: The Secret that has it.
IngressRule: Where the requests for a host go.
  host: The host; any when empty.
  http: Where its paths go.
HTTPIngressRuleValue: Where paths go.
  paths!: The paths.
HTTPIngressPath: Where a path goes.
  path: The path.
  pathType!(Exact|ImplementationSpecific|Prefix): How it is compared: 'Exact', 'Prefix', or as the controller does.
  backend!: Where its requests go.
IngressStatus: What is known of an Ingress.
  loadBalancer: What the load balancer has given it.
IngressLoadBalancerStatus: What a load balancer has given.
  ingress: Where it takes traffic.
IngressLoadBalancerIngress: Where a load balancer takes traffic.
  ip: The address.
  hostname: The name.
  ports: What is known of its ports.
IngressPortStatus: What is known of a port.
  port!: The number.
  protocol!(SCTP|TCP|UDP): The protocol.
  error: Why it does not work.
IngressClass: A controller of Ingresses.
IngressClassSpec: Which controller, with which settings.
  controller: The name of the controller.
  parameters: An object with its settings.
IngressClassParametersReference: An object with settings.
  apiGroup: The group of its kind; empty for the core.
  kind!: The kind of the object.
  name!: The name of the object.
  scope: 'Namespace' or 'Cluster'.
  namespace: The namespace of the object.
`;
