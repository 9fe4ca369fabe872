"""The step declaration: one annotated function gives command line, rule, CWL tool, schema and docs.

A step is a file below ``scripts/`` with one function of the same name.  Its signature says what it
reads (:class:`In`), writes (:class:`Out`), can be told (:class:`Param`) and keeps up to date in place
(:class:`Record`); everything else is derived:

========================  =====================================================
``command.main``          command line with ``--help``, bounds, atomic outputs
``rules.params, shell``   the Snakemake rule's ``params:`` and ``shell:``
``cwl.tool``              the CWL tool
``docs.schema, table``    JSON schema of the configuration, table of parameters
``code.code_hash``        hash of the code that the step really runs
========================  =====================================================

Only the standard library is imported here, so that ``--help`` answers at once.
"""

from tidings.step.command import main, run
from tidings.step.declaration import In, Out, Param, Record, Step
from tidings.step.provenance import provenance

__all__ = ["In", "Out", "Param", "Record", "Step", "main", "provenance", "run"]
