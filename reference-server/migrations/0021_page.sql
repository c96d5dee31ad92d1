-- What the console adds to a city's page beside its text: pictures, and the hour at which a version is shown.

-- A picture as phones get it, decoded and written anew: JPEG in Base64, named by its digest.
CREATE TABLE page_picture (
    city             TEXT   NOT NULL,
    digest           TEXT   NOT NULL,
    jpeg             TEXT   NOT NULL CHECK (jpeg <> ''),
    width            BIGINT NOT NULL CHECK (width > 0),
    height           BIGINT NOT NULL CHECK (height > 0),
    uploaded_by      TEXT   NOT NULL CHECK (uploaded_by <> ''),
    uploaded_ms      BIGINT NOT NULL,
    PRIMARY KEY (city, digest)
);

-- From when an approved version of a page is shown; one without a row is shown when it is approved.
CREATE TABLE page_hour (
    proposal         BIGINT NOT NULL PRIMARY KEY REFERENCES proposal (proposal),
    publish_ms       BIGINT NOT NULL
);
