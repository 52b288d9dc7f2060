/**
 * The document by which `az cloud register` learns of this cloud. One document serves az 2.45 (the keys of
 * 2015-01-01) and newer ones (2022-09-01).
 */

/** What this server is for itself: access tokens name one of them as their audience. */
export function audiencesOf(base: string): readonly string[] {
  return [`${base}/`, base];
}

/** The document for a server at `base`. */
export function cloudMetadata(base: string): object {
  return {
    name: 'WeirLab',
    portal: base,
    resourceManager: base,
    gallery: base,
    batch: base,
    media: base,
    graph: `${base}/graph`,
    graphAudience: `${base}/graph/`,
    microsoftGraphResourceId: `${base}/msgraph/`,
    sqlManagement: base,
    vmImageAliasDoc: base,
    activeDirectoryDataLake: base,
    // Where newer az looks for extensions; 2.45 has to be told by AZURE_EXTENSION_INDEX_URL.
    azmirrorStorageAccountResourceId: `${base}/azmirror`,
    galleryEndpoint: base,
    graphEndpoint: `${base}/graph`,
    portalEndpoint: base,
    authentication: {
      // An authority of this form makes the sign-in library ask nobody else.
      loginEndpoint: `${base}/adfs`,
      audiences: audiencesOf(base),
      tenant: 'common',
      identityProvider: 'ADFS',
    },
    suffixes: {
      acrLoginServer: 'azurecr.localhost',
      storage: 'core.localhost',
      keyVaultDns: 'vault.localhost',
      sqlServerHostname: 'database.localhost',
    },
  };
}
