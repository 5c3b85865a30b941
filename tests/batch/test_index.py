"""The page over all clients: what it links."""

from __future__ import annotations

from crmkit.batch.index import page

ENTRY = {"client": "Firm", "folder": "firm", "language": "en", "failed": None}


def test_a_clients_documents_are_linked_and_nothing_else_of_the_folder() -> None:
    files = [
        "documents/regulation.docx", "documents/a&b <i>.svg", "board.html", "report.html", "report.xlsx",
        "run.json", "04_crm_audit.ipynb",
    ]  # fmt: skip
    said = page([ENTRY | {"files": files}, ENTRY | {"client": "Other", "folder": "other", "files": []}])
    assert 'href="firm/documents/regulation.docx">regulation.docx</a>' in said
    assert 'href="firm/documents/a%26b%20%3Ci%3E.svg">a&amp;b &lt;i&gt;.svg</a>' in said
    assert 'href="firm/board.html">board.html</a>' in said and "ipynb" not in said
    assert "run.json" not in said and "other/" not in said
