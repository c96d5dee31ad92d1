-- What each writer committed last. An engine that is a network away loses answers: whether
-- a group of writes was kept is then read from here, because the mark is part of the group.

CREATE TABLE commit_mark (
    writer           TEXT   NOT NULL PRIMARY KEY,
    number           BIGINT NOT NULL
);
