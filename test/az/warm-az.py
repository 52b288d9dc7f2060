"""The real az with its modules in memory: each line of standard input is a list of words (JSON), run in a process of its own."""

import json
import os
import runpy
import sys
import tempfile

import azure.cli.command_modules.acs.managed_cluster_decorator
import azure.cli.command_modules.resource.custom
import azure.cli.core.commands.arm
import azure.mgmt.containerservice.v2022_11_01
import azure.mgmt.resource.resources.v2021_04_01

for line in sys.stdin:
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.argv = ["az", *json.loads(line)]
        # Ends the process, as /usr/bin/az does.
        runpy.run_module("azure.cli", run_name="__main__")
    _, status = os.waitpid(child, 0)
    out.seek(0)
    err.seek(0)
    outcome = {"code": os.waitstatus_to_exitcode(status), "stdout": out.read().decode(), "stderr": err.read().decode()}
    print(json.dumps(outcome), flush=True)
