/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"

static const char *field(const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal(fields[i].key, key))
      return fields[i].value;
  return NULL;
}

static GLogWriterOutput write_plain(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer program)
{
  const char *message = field(fields, n_fields, "MESSAGE");

  fprintf(stderr, "%s: %s\n", (const char *)program, message ? message : "");
  return G_LOG_WRITER_HANDLED;
}

/* The journal takes the name from /proc, where a short-lived program is gone by then, unless the message has it. */
static GLogWriterOutput write_journal(GLogLevelFlags level, const GLogField *fields, gsize n_fields, const char *program)
{
  g_autofree GLogField *all = g_new(GLogField, n_fields + 1);

  memcpy(all, fields, n_fields * sizeof *fields);
  all[n_fields] = (GLogField){ .key = "SYSLOG_IDENTIFIER", .value = program, .length = -1 };
  return g_log_writer_journald(level, all, n_fields + 1, NULL);
}

static GLogWriterOutput write_message(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer program)
{
  /* Debug messages, of libraries too, are only for who asks with G_MESSAGES_DEBUG. */
  if (level & G_LOG_LEVEL_DEBUG && g_log_writer_default_would_drop(level, field(fields, n_fields, "GLIB_DOMAIN")))
    return G_LOG_WRITER_HANDLED;
  if (g_log_writer_is_journald(STDERR_FILENO) &&
      write_journal(level, fields, n_fields, program) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  return write_plain(level, fields, n_fields, program);
}

void neo_log_init(const char *program)
{
  g_set_prgname(program);
  g_log_set_writer_func(write_message, (gpointer)program, NULL);
}

int neo_log_failure(const GError *error)
{
  g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);

  for (char **line = lines; *line; line++)
    if (**line)
      g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE", "%s", *line);
  return neo_error_exit_code(error);
}
