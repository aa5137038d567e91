/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "paths/desire.h"

/** In the order in which they are done: what frees a place first, then what is new, then what is no longer needed. */
typedef enum {
  NEO_ENDPOINT_REMOVE,
  NEO_RULE_ADD,
  NEO_SYSCTL_SET,
  NEO_LIMITS_SET,
  NEO_ROUTE_CHECK, /**< changes nothing: the kernel must send from @endpoint's address through its link */
  NEO_ENDPOINT_ADD,
  NEO_RULE_REMOVE,
} NeoOperationKind;

/** One request to the kernel. */
typedef struct {
  NeoOperationKind kind;
  int link;                  /**< whose path this is for, 0 if none or unknown; a later one of it is not tried if this fails */
  char name[IFNAMSIZ];       /**< of @link, or "" */
  NeoRule rule;              /**< RULE_* */
  NeoMptcpEndpoint endpoint; /**< ENDPOINT_*, ROUTE_CHECK; without id where it is added */
  NeoSysctl sysctl;          /**< SYSCTL_SET */
  guint32 value;             /**< SYSCTL_SET */
  NeoMptcpLimits limits;          /**< LIMITS_SET */
} NeoOperation;

/** What leads from @seen to @desired, in order (NeoOperation). Pure. The caller owns it. */
GArray *neo_plan(const NeoObserved *seen, const NeoDesired *desired);

/** The operation as one line for people, without a line end. The caller owns it. */
char *neo_operation_to_string(const NeoOperation *operation);
