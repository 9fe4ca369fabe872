"""Does an archived run still give the same numbers? Fetch it, run it again, and say so product by product.

=============  ===================================================================================
``source``     what the user named (DOI, address, file, folder) to a checked, unpacked crate
``usage``      which parts of the arithmetic and which packages a step uses, read from its code
``preflight``  what differs between then and now, and so which products are to be expected identical
``rerun``      the engine's command, in the unpacked crate
``diverge``    where the run left the recorded one first, and the likely cause
``report``     the outcome for people, programs and continuous integration
``record``     the outcome as a record that can be deposited itself
=============  ===================================================================================
"""
