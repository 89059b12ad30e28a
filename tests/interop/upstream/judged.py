"""What of the upstream tests is judged beforehand: which releases, which tests, why, and which rules of tests/SPEC.md prove the
same of us. Not here: running them.

Not applicable is what makes or patches Python objects of its own (a loader, a room, a store class) and asks no server anything.
Different is what we mean to do in another way; such a test must fail.
"""

from __future__ import annotations

from fnmatch import fnmatch

LOADER = "makes the Python class FileLoader over a fake contents manager"
PATCHED = "replaces methods of the Python room while it runs"
SESSIONS = "calls the Python functions that keep session ids in a JSON file"
IN_PROCESS = "asks a Python object in the server's own process"
LATER = "an option of later releases; here every document opens whole and at once"

# Pattern of a test's name, after that of a release if it is meant in that one only; why; rules.
NOT_APPLICABLE = [
    ("test_loaders.py::test_FileLoader_with_watcher_errors", LOADER, "SESSION-60 FILE-66 FILE-68"),
    ("test_loaders.py::test_FileLoader_clean_logs_cancellation", LOADER, "SESSION-28 SAVE-70"),
    ("test_loaders.py::test_FileLoader_without_watcher", LOADER, "DISK-30 FILE-3"),
    ("test_loaders.py::test_FileLoader_retries_save_after_rename", LOADER, "FILE-33 FILE-60"),
    ("test_loaders.py::test_FileLoader_does_not_retry_save_after_delete", LOADER, "DISK-32 FILE-66"),
    ("test_loaders.py::test_FileLoaderMapping_with_watcher", LOADER, "SAVE-26 EVENT-4"),
    ("test_loaders.py::test_FileLoader_with_watcher", LOADER, "FILE-8 FILE-9 FILE-32"),
    ("test_rooms.py::test_on_outofband_change_skips_*", PATCHED, "DISK-27 DISK-91"),
    ("test_rooms.py::test_on_outofband_change_calls_*", PATCHED, "DISK-2 DISK-26"),
    ("test_rooms.py::test_save_oob_skips_*", PATCHED, "SAVE-16 SAVE-24"),
    ("test_rooms.py::test_save_oob_calls_*", PATCHED, "SAVE-16 DISK-30"),
    ("test_documents.py::test_notebook_reconnect_with_divergent_*", "makes two Python rooms of its own", "SYNC-22 SYNC-23 SAVE-5"),
    ("test_documents.py::test_notebook_reconnect_sends_conflict_*", "makes two Python rooms of its own", "SESSION-7 STORE-32"),
    ("test_handlers.py::test_room_handler_doc_client_should_cleanup_room_file", "stops a task group inside the server", "STORE-33 SESSION-23"),
    ("test_session_store.py::test_allows_*", SESSIONS, "SYNC-22 SESSION-8"),
    ("test_session_store.py::test_rejects_*", SESSIONS, "SESSION-7 SESSION-22"),
    ("test_session_store.py::test_session_store_path_*", SESSIONS, "STORE-10 SAVE-50"),
    ("test_app.py::test_get_document_create_room", IN_PROCESS, "SEED-33"),
    ("test_app.py::test_get_document_*", IN_PROCESS, "SEED-2 SEED-32"),
    ("test_app.py::test_document_ttl_*", "makes the Python class SQLiteYStore", "SEED-1 SEED-3"),
    ("test_app.py::test_squash_after_*", "makes the Python class SQLiteYStore", "SEED-1 SEED-3"),
]
DIFFERS = [
    ("3.0.4 test_app.py::test_default_settings", f"it wants {LATER}", "SEED-1 DISK-95"),
    ("test_app.py::test_settings_should_change_document_progressive_loading", LATER, "DISK-95"),
    ("test_app.py::test_settings_should_change_notebook_output_delay_threshold", LATER, "DISK-95"),
]
# Tests that measure spans of wall-clock time, which a busy machine may stretch: they have three tries.
TIMED = ["test_documents.py::*", "test_handlers.py::test_fork_handler", "test_rooms.py::*save*", "test_handlers.py::*watcher"]


def not_applicable(release: str, name: str) -> tuple[str, str] | None:
    """Why a test is not run and what proves the same of us."""
    return _found(NOT_APPLICABLE, release, name)


def differs(release: str, name: str) -> tuple[str, str] | None:
    """Why a test has to fail and what proves what we do instead."""
    return _found(DIFFERS, release, name)


def timed(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in TIMED)


def _found(entries, release: str, name: str) -> tuple[str, str] | None:
    names = (name, f"{release} {name}")
    return next(((why, rules) for pattern, why, rules in entries if any(fnmatch(name, pattern) for name in names)), None)
