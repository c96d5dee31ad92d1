-- Who may use the console and how each proves it, and what one person proposes and another decides.

-- A person of an office. The name stands in the audit chain and is never given to anybody else.
-- Roles are names in their fixed order, separated by commas; whoever edits a city's content does
-- nothing else, and nobody else is bound to a city. Without a password nobody can sign in yet.
CREATE TABLE organiser (
    organiser        TEXT   NOT NULL PRIMARY KEY,
    display_name     TEXT   NOT NULL CHECK (display_name <> ''),
    roles            TEXT   NOT NULL CHECK (roles <> ''),
    city             TEXT,
    password         TEXT,
    totp_sealed      TEXT   NOT NULL,
    totp_step        BIGINT NOT NULL,
    disabled_ms      BIGINT,
    created_by       TEXT   NOT NULL CHECK (created_by <> ''),
    created_ms       BIGINT NOT NULL,
    changed_ms       BIGINT NOT NULL,
    CHECK ((roles = 'city_editor' AND city IS NOT NULL)
        OR (roles NOT LIKE '%city_editor%' AND city IS NULL)),
    CHECK ((password IS NULL AND totp_sealed = '') OR (password IS NOT NULL AND totp_sealed <> ''))
);

-- A link by which somebody sets password and second factor, once. Only its digest is kept;
-- it ends when it is used, or when a newer one takes its place.
CREATE TABLE setup_link (
    link_hash        TEXT   NOT NULL PRIMARY KEY,
    organiser        TEXT   NOT NULL REFERENCES organiser (organiser),
    created_ms       BIGINT NOT NULL,
    expires_ms       BIGINT NOT NULL,
    ended_ms         BIGINT,
    CHECK (expires_ms > created_ms)
);
CREATE INDEX setup_link_by_organiser ON setup_link (organiser);

-- A code that stands in for the second factor, once.
CREATE TABLE recovery_code (
    code_hash        TEXT   NOT NULL PRIMARY KEY,
    organiser        TEXT   NOT NULL REFERENCES organiser (organiser),
    created_ms       BIGINT NOT NULL,
    ended_ms         BIGINT
);
CREATE INDEX recovery_code_by_organiser ON recovery_code (organiser);

-- A session, known by the digest of its token.
CREATE TABLE organiser_session (
    session_hash     TEXT   NOT NULL PRIMARY KEY,
    organiser        TEXT   NOT NULL REFERENCES organiser (organiser),
    created_ms       BIGINT NOT NULL,
    seen_ms          BIGINT NOT NULL,
    stepped_up_ms    BIGINT,
    ended_ms         BIGINT,
    CHECK (seen_ms >= created_ms)
);
CREATE INDEX organiser_session_by_organiser ON organiser_session (organiser);

-- How often somebody has tried in vain: a name or an address, by its keyed digest.
CREATE TABLE sign_in_pace (
    subject          TEXT   NOT NULL PRIMARY KEY,
    n_tries          BIGINT NOT NULL CHECK (n_tries >= 0),
    last_ms          BIGINT NOT NULL
);

-- What one person proposes: `content` says all of it, and its digest is what is decided about.
CREATE TABLE proposal (
    proposal         BIGINT NOT NULL PRIMARY KEY,
    kind             TEXT   NOT NULL CHECK (kind <> ''),
    subject          TEXT   NOT NULL CHECK (subject <> ''),
    city             TEXT,
    content          TEXT   NOT NULL,
    digest           TEXT   NOT NULL CHECK (digest <> ''),
    reason           TEXT   NOT NULL CHECK (reason <> ''),
    maker            TEXT   NOT NULL CHECK (maker <> ''),
    proposed_ms      BIGINT NOT NULL,
    UNIQUE (proposal, digest, maker)
);
CREATE INDEX proposal_by_subject ON proposal (kind, subject);

-- What became of it: somebody else approves or rejects it, or its maker takes it back.
CREATE TABLE proposal_decision (
    proposal         BIGINT NOT NULL PRIMARY KEY,
    digest           TEXT   NOT NULL,
    maker            TEXT   NOT NULL,
    checker          TEXT   NOT NULL CHECK (checker <> ''),
    verdict          TEXT   NOT NULL CHECK (verdict IN ('approved', 'rejected', 'withdrawn')),
    reason           TEXT   NOT NULL CHECK (reason <> ''),
    decided_ms       BIGINT NOT NULL,
    CHECK ((verdict = 'withdrawn' AND maker = checker) OR (verdict <> 'withdrawn' AND maker <> checker)),
    FOREIGN KEY (proposal, digest, maker) REFERENCES proposal (proposal, digest, maker)
);
