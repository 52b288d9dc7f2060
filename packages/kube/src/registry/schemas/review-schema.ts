/** Schemas of authentication.k8s.io/v1, authorization.k8s.io/v1 and rbac.authorization.k8s.io/v1, in the notation of `schema-notation.ts`. */

/** Type definitions. */
export const reviewTypes = `
SelfSubjectReview: apiVersion kind metadata:ObjectMeta status:SelfSubjectReviewStatus
SelfSubjectReviewStatus: userInfo:UserInfo
UserInfo: username uid groups:s[] extra:{any}
SelfSubjectAccessReview: apiVersion kind metadata:ObjectMeta spec:SelfSubjectAccessReviewSpec status:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec: resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes
SubjectAccessReview: apiVersion kind metadata:ObjectMeta spec:SubjectAccessReviewSpec status:SubjectAccessReviewStatus
SubjectAccessReviewSpec: resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes user groups:s[]
    extra:{any} uid
SubjectAccessReviewStatus: allowed:b denied:b reason evaluationError
ResourceAttributes: namespace verb group version resource subresource name fieldSelector:any labelSelector:any
NonResourceAttributes: path verb
SelfSubjectRulesReview: apiVersion kind metadata:ObjectMeta spec:SelfSubjectRulesReviewSpec status:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec: namespace
SubjectRulesReviewStatus: resourceRules:ResourceRule[] nonResourceRules:NonResourceRule[] incomplete:b evaluationError
ResourceRule: verbs:s[] apiGroups:s[] resources:s[] resourceNames:s[]
NonResourceRule: verbs:s[] nonResourceURLs:s[]
LocalSubjectAccessReview: apiVersion kind metadata:ObjectMeta spec:SubjectAccessReviewSpec status:SubjectAccessReviewStatus
TokenReview: apiVersion kind metadata:ObjectMeta spec:TokenReviewSpec status:TokenReviewStatus
TokenReviewSpec: token audiences:s[]
TokenReviewStatus: authenticated:b user:UserInfo audiences:s[] error
TokenRequest: apiVersion kind metadata:ObjectMeta spec:TokenRequestSpec status:TokenRequestStatus
TokenRequestSpec: audiences:s[] expirationSeconds:l boundObjectRef:BoundObjectReference
BoundObjectReference: kind apiVersion name uid
TokenRequestStatus: token expirationTimestamp:t
Role: apiVersion kind metadata:ObjectMeta rules:PolicyRule[]
ClusterRole: apiVersion kind metadata:ObjectMeta rules:PolicyRule[] aggregationRule:AggregationRule
PolicyRule: verbs:s[] apiGroups:s[] resources:s[] resourceNames:s[] nonResourceURLs:s[]
AggregationRule: clusterRoleSelectors:LabelSelector[]
RoleBinding: apiVersion kind metadata:ObjectMeta subjects:Subject[] roleRef:RoleRef
ClusterRoleBinding: apiVersion kind metadata:ObjectMeta subjects:Subject[] roleRef:RoleRef
Subject~: kind apiGroup name namespace
RoleRef~: apiGroup kind name
`;
