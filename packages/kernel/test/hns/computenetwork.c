/* A library with the calls of computenetwork.dll and ole32.dll that the door makes, in the signatures of
 * computenetwork.h: one network, one endpoint, and one endpoint that goes before it is opened. What it is
 * told, and what is given back to it, it writes to standard error. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint16_t wide;

static wide *text(const char *bytes) {
  size_t length = strlen(bytes) + 1;
  wide *copy = malloc(length * sizeof(wide));
  for (size_t i = 0; i < length; i++) copy[i] = (unsigned char)bytes[i];
  return copy;
}

static uint32_t opened(const char *kind, const uint8_t *id, void **handle, wide **error) {
  static const uint8_t gone[16];
  *error = NULL;
  if (memcmp(id, gone, 16) == 0) {
    *error = text("gone");
    return 0x803b0002u;
  }
  char *name = malloc(64);
  size_t at = sprintf(name, "%s ", kind);
  for (int i = 0; i < 16; i++) at += sprintf(name + at, "%02x", id[i]);
  *handle = name;
  return 0;
}

static uint32_t queried(const char *handle, wide **document, wide **error) {
  char json[256];
  snprintf(json, sizeof json, "{\"ID\":\"%s\",\"Name\":\"azure\"}", handle);
  *document = text(json);
  *error = NULL;
  return 0;
}

static uint32_t modified(const char *handle, const wide *settings, wide **error) {
  char bytes[4096];
  size_t length = 0;
  for (; settings[length] != 0 && length < sizeof bytes - 1; length++) bytes[length] = (char)settings[length];
  bytes[length] = 0;
  fprintf(stderr, "modify %s %s\n", handle, bytes);
  *error = strstr(bytes, "wrong") == NULL ? NULL : text("no such port");
  return *error == NULL ? 0 : 0x803b000du;
}

static uint32_t closed(void *handle) {
  fprintf(stderr, "close %s\n", (char *)handle);
  free(handle);
  return 0;
}

uint32_t HcnEnumerateNetworks(const wide *query, wide **ids, wide **error) {
  (void)query;
  *ids = text("[\"7a5e3c1d-9b2f-4e6a-8c40-000000000001\"]");
  *error = NULL;
  return 0;
}
uint32_t HcnEnumerateEndpoints(const wide *query, wide **ids, wide **error) {
  (void)query;
  *ids = text("[\"00112233-4455-6677-8899-aabbccddeeff\",\"00000000-0000-0000-0000-000000000000\"]");
  *error = NULL;
  return 0;
}
uint32_t HcnOpenNetwork(const uint8_t *id, void **handle, wide **error) { return opened("network", id, handle, error); }
uint32_t HcnOpenEndpoint(const uint8_t *id, void **handle, wide **error) { return opened("endpoint", id, handle, error); }
uint32_t HcnQueryNetworkProperties(void *handle, const wide *query, wide **document, wide **error) {
  (void)query;
  return queried(handle, document, error);
}
uint32_t HcnQueryEndpointProperties(void *handle, const wide *query, wide **document, wide **error) {
  (void)query;
  return queried(handle, document, error);
}
uint32_t HcnModifyNetwork(void *handle, const wide *settings, wide **error) { return modified(handle, settings, error); }
uint32_t HcnModifyEndpoint(void *handle, const wide *settings, wide **error) { return modified(handle, settings, error); }
uint32_t HcnCloseNetwork(void *handle) { return closed(handle); }
uint32_t HcnCloseEndpoint(void *handle) { return closed(handle); }

void CoTaskMemFree(void *memory) {
  if (memory != NULL) fprintf(stderr, "free\n");
  free(memory);
}
