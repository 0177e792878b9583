//! The auditor's own test.
