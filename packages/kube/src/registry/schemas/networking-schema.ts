/** The types of networking.k8s.io/v1, in the notation of `schema-notation.ts`. Source: the field lists of `k8s.io/api` v0.35. */

/** Type definitions; other tables may refer to them. */
export const networkingTypes = `
NetworkPolicy: apiVersion kind metadata:ObjectMeta spec:NetworkPolicySpec status:any
NetworkPolicySpec: podSelector:LabelSelector ingress:NetworkPolicyIngressRule[] egress:NetworkPolicyEgressRule[] policyTypes:s[]
NetworkPolicyIngressRule: ports:NetworkPolicyPort[] from:NetworkPolicyPeer[]
NetworkPolicyPort: protocol port:is endPort:i
NetworkPolicyPeer: podSelector:LabelSelector namespaceSelector:LabelSelector ipBlock:IPBlock
IPBlock: cidr except:s[]
NetworkPolicyEgressRule: ports:NetworkPolicyPort[] to:NetworkPolicyPeer[]
Ingress: apiVersion kind metadata:ObjectMeta spec:IngressSpec status:IngressStatus
IngressSpec: ingressClassName defaultBackend:IngressBackend tls:IngressTLS[] rules:IngressRule[]
IngressBackend: service:IngressServiceBackend resource:TypedLocalObjectReference
IngressServiceBackend: name port+:ServiceBackendPort
ServiceBackendPort: name number:i
IngressTLS: hosts:s[] secretName
IngressRule: host http:HTTPIngressRuleValue
HTTPIngressRuleValue: paths:HTTPIngressPath[]
HTTPIngressPath: path pathType backend:IngressBackend
IngressStatus: loadBalancer+:IngressLoadBalancerStatus
IngressLoadBalancerStatus: ingress:IngressLoadBalancerIngress[]
IngressLoadBalancerIngress: ip hostname ports:IngressPortStatus[]
IngressPortStatus: port:i protocol error
IngressClass: apiVersion kind metadata:ObjectMeta spec:IngressClassSpec
IngressClassSpec: controller parameters:IngressClassParametersReference
IngressClassParametersReference: apiGroup kind name scope namespace
`;
