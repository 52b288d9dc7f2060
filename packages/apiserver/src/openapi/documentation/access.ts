/** What people read about reviews and roles, in the notation of `type-documentation.ts`. */

/** Descriptions of types and fields. */
export const accessDocumentation = `
# io.k8s.api.authentication.v1
SelfSubjectReview: Asks who the client is.
SelfSubjectReviewStatus: Who the client is.
  userInfo: The user.
UserInfo: A user.
  username: The user's name.
  uid: The user's identity.
  groups: The user's groups.
  extra: What else is known of the user.
TokenReview: Asks whose a token is.
  spec!:
TokenReviewSpec: The token.
  token: The token.
  audiences: Who is asking; the API server by default.
TokenReviewStatus: Whose the token is.
  authenticated: Whether the token is good.
  user: Whose it is.
  audiences: For whom of those who ask it is good.
  error: Why it could not be checked.
TokenRequest: Asks for a token of a service account.
  spec!:
TokenRequestSpec: Which token is wanted.
  audiences!: Who the token is for.
  expirationSeconds: How many seconds it is to be good for.
  boundObjectRef: An object with which the token ends.
BoundObjectReference: An object that a token is bound to.
  kind: 'Pod', 'Secret' or 'Node'.
  name: The name of the object.
  uid: The identity of the object.
TokenRequestStatus: The token.
  token!: The token.
  expirationTimestamp!: Until when it is good.
# io.k8s.api.authorization.v1
SelfSubjectAccessReview: Asks whether the client may do something.
  spec!:
SelfSubjectAccessReviewSpec: What is to be done.
  resourceAttributes: Something with objects.
  nonResourceAttributes: Something with a path.
SubjectAccessReview: Asks whether somebody may do something.
  spec!:
LocalSubjectAccessReview: Asks whether somebody may do something in one namespace.
  spec!:
SubjectAccessReviewSpec: Who, and what.
  resourceAttributes: Something with objects.
  nonResourceAttributes: Something with a path.
  user: The user.
  groups: The user's groups.
  extra: What else is known of the user.
  uid: The user's identity.
SubjectAccessReviewStatus: Whether it may be done.
  allowed!: Whether it is allowed.
  denied: Whether it is denied, whatever others say.
  reason: Why.
  evaluationError: What went wrong in finding out.
ResourceAttributes: Something with objects.
  namespace: In which namespace; empty for all, or for the cluster.
  verb: What is done; '*' for everything.
  group: The group of the kind; '*' for all.
  version: The version of the API.
  resource: The plural of the kind; '*' for all.
  subresource: The subresource.
  name: Which object; empty for all.
  fieldSelector: Only objects that these fields select.
  labelSelector: Only objects that these labels select.
NonResourceAttributes: Something with a path.
  path: The path of the URL.
  verb: The method, in small letters.
SelfSubjectRulesReview: Asks what the client may do in a namespace.
  spec!:
SelfSubjectRulesReviewSpec: Where.
  namespace: The namespace.
SubjectRulesReviewStatus: What may be done.
  resourceRules!: With objects.
  nonResourceRules!: With paths.
  incomplete!: Whether there may be more.
  evaluationError: What went wrong in finding out.
ResourceRule: What may be done with objects.
  verbs!: What may be done.
  apiGroups: In which groups.
  resources: With which resources.
  resourceNames: With which objects; with all when empty.
NonResourceRule: What may be done with paths.
  verbs!: What may be done.
  nonResourceURLs: With which paths.
# io.k8s.api.rbac.v1
Role: Rights in a namespace.
  rules: What may be done.
ClusterRole: Rights in the cluster, or in the namespaces where it is bound.
  rules: What may be done.
  aggregationRule: Other roles whose rules are its own.
PolicyRule: What may be done with what.
  verbs!: What may be done; '*' for everything.
  apiGroups: In which groups; '*' for all.
  resources: With which resources; '*' for all.
  resourceNames: With which objects; with all when empty.
  nonResourceURLs: With which paths; only in roles of the cluster.
AggregationRule: Whose rules a role has.
  clusterRoleSelectors: The roles, by their labels.
RoleBinding: Gives subjects the rights of a role in a namespace.
  subjects: Who gets them.
  roleRef!: The role; it cannot be changed.
ClusterRoleBinding: Gives subjects the rights of a role in the whole cluster.
  subjects: Who gets them.
  roleRef!: The role; it cannot be changed.
Subject: Who gets rights.
  kind!: 'User', 'Group' or 'ServiceAccount'.
  apiGroup: The group of the kind; empty for service accounts.
  name!: The name of the subject.
  namespace: The namespace of a service account.
RoleRef: A role.
  apiGroup!: 'rbac.authorization.k8s.io'.
  kind!: 'Role' or 'ClusterRole'.
  name!: The name of the role.
`;
