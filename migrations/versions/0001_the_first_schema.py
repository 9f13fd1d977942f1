"""the first schema

Expand first, contract in a later release: the release before this one must run on the schema after this migration.

Revision ID: 0001
Revises: 
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


_EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")  # SHA-256 of nothing


def upgrade() -> None:
    """Goes forward."""
    op.create_table('acks',
    sa.Column('idx', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='its leaf'),
    sa.Column('message_hash', sa.LargeBinary(), nullable=False),
    sa.Column('desk', sa.Text(), nullable=False),
    sa.Column('state', sa.SmallInteger(), nullable=False, comment='comity.receipts.AckState'),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('sig', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('idx', name=op.f('pk_acks')),
    sa.UniqueConstraint('message_hash', 'desk', 'state', name=op.f('uq_acks_message_hash'))
    )
    op.create_table('blob_totals',
    sa.Column('agency', sa.Text(), nullable=False),
    sa.Column('stored_bytes', sa.BigInteger(), nullable=False, comment='sum of its blobs.length'),
    sa.Column('stored', sa.BigInteger(), nullable=False, comment='number of its blobs'),
    sa.Column('unfinished', sa.BigInteger(), nullable=False, comment='of these, not complete'),
    sa.CheckConstraint('stored_bytes >= 0 AND 0 <= unfinished AND unfinished <= stored', name=op.f('ck_blob_totals_sums')),
    sa.PrimaryKeyConstraint('agency', name=op.f('pk_blob_totals')),
    comment='One row an agency, locked before any of its blobs is added, completed or removed.',
    sqlite_with_rowid=False
    )
    op.create_table('blobs',
    sa.Column('agency', sa.Text(), nullable=False),
    sa.Column('sha256', sa.LargeBinary(), nullable=False),
    sa.Column('nonce', sa.LargeBinary(), nullable=False, comment='in the names of its objects; never used again'),
    sa.Column('desk', sa.Text(), nullable=False, comment='that announced it; once complete, that uploaded it'),
    sa.Column('length', sa.BigInteger(), nullable=False),
    sa.Column('offset', sa.BigInteger(), nullable=False, comment='bytes that are durable'),
    sa.Column('parts', sa.Integer(), nullable=False, comment='objects that hold them until it is complete'),
    sa.Column('complete', sa.Boolean(), nullable=False),
    sa.Column('created', sa.BigInteger(), nullable=False, comment='or last moved on'),
    sa.CheckConstraint('0 <= "offset" AND "offset" <= length', name=op.f('ck_blobs_offset')),
    sa.PrimaryKeyConstraint('agency', 'sha256', name=op.f('pk_blobs')),
    sqlite_with_rowid=False
    )
    op.create_table('deliveries',
    sa.Column('desk', sa.Text(), nullable=False),
    sa.Column('idx', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False, comment="the desk's own, from 1, without gaps"),
    sa.Column('kind', sa.SmallInteger(), nullable=False, comment='comity.receipts.EventKind'),
    sa.Column('salt', sa.LargeBinary(), nullable=False, comment="opens the desk's entry in Event.deliveries"),
    sa.Column('message_hash', sa.LargeBinary(), nullable=False, comment='empty where the event is about no envelope'),
    sa.Column('wrap', sa.LargeBinary(), nullable=True, comment='of a submitted envelope; NULL once withdrawn, expired or erased'),
    sa.CheckConstraint('number > 0', name=op.f('ck_deliveries_number')),
    sa.PrimaryKeyConstraint('desk', 'idx', name=op.f('pk_deliveries')),
    comment='The feed of each desk.'
    )
    op.create_table('desk_counters',
    sa.Column('desk', sa.Text(), nullable=False),
    sa.Column('last_number', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('desk', name=op.f('pk_desk_counters')),
    sqlite_with_rowid=False
    )
    op.create_table('envelope_blobs',
    sa.Column('message_hash', sa.LargeBinary(), nullable=False),
    sa.Column('sha256', sa.LargeBinary(), nullable=False),
    sa.Column('agency', sa.Text(), nullable=False, comment='whose upload it is'),
    sa.PrimaryKeyConstraint('message_hash', 'sha256', name=op.f('pk_envelope_blobs')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('envelope_blobs', schema=None) as batch_op:
        batch_op.create_index('ix_envelope_blobs_sha256', ['sha256'], unique=False)

    op.create_table('envelopes',
    sa.Column('idx', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='its leaf'),
    sa.Column('message_hash', sa.LargeBinary(), nullable=False),
    sa.Column('sender_agency', sa.Text(), nullable=False),
    sa.Column('envelope_id', sa.LargeBinary(), nullable=False),
    sa.Column('sender', sa.Text(), nullable=False, comment='desk; empty once pruned'),
    sa.Column('recipients', sa.Text(), nullable=False, comment='desks, separated by line feeds; empty once pruned'),
    sa.Column('case_id', sa.LargeBinary(), nullable=False),
    sa.Column('family', sa.SmallInteger(), nullable=False),
    sa.Column('verb', sa.SmallInteger(), nullable=False),
    sa.Column('opening', sa.Boolean(), nullable=False, comment='it opened its legs'),
    sa.Column('author', sa.LargeBinary(), nullable=False, comment='key id'),
    sa.Column('author_member', sa.Text(), nullable=False),
    sa.Column('time_seconds', sa.BigInteger(), nullable=False, comment='of its leaf'),
    sa.Column('deliver_by', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.SmallInteger(), nullable=False, comment='1 live, 2 withdrawn, 3 expired, 4 erased, 5 pruned'),
    sa.Column('unstored', sa.SmallInteger(), nullable=False, comment='recipients whose STORED is awaited'),
    sa.Column('due', sa.BigInteger(), nullable=True, comment='when its own clock does something; NULL for never again'),
    sa.Column('header', sa.LargeBinary(), nullable=True, comment='NULL once erased, like all that follows'),
    sa.Column('seal', sa.LargeBinary(), nullable=True),
    sa.Column('signatures', sa.LargeBinary(), nullable=True, comment='key id, role, signature: 97 bytes each'),
    sa.Column('ciphertext', sa.LargeBinary(), nullable=True, comment='NULL once withdrawn'),
    sa.CheckConstraint('state BETWEEN 1 AND 5', name=op.f('ck_envelopes_state')),
    sa.CheckConstraint('unstored >= 0', name=op.f('ck_envelopes_unstored')),
    sa.PrimaryKeyConstraint('idx', name=op.f('pk_envelopes')),
    sa.UniqueConstraint('message_hash', name=op.f('uq_envelopes_message_hash')),
    sa.UniqueConstraint('sender_agency', 'envelope_id', name=op.f('uq_envelopes_sender_agency'))
    )
    with op.batch_alter_table('envelopes', schema=None) as batch_op:
        batch_op.create_index('ix_envelopes_due', ['due'], unique=False)

    op.create_table('equivocations',
    sa.Column('sender_agency', sa.Text(), nullable=False),
    sa.Column('envelope_id', sa.LargeBinary(), nullable=False),
    sa.Column('other_hash', sa.LargeBinary(), nullable=False),
    sa.Column('idx', sa.BigInteger(), nullable=False, comment='leaf of the EQUIVOCATION event'),
    sa.PrimaryKeyConstraint('sender_agency', 'envelope_id', 'other_hash', name=op.f('pk_equivocations')),
    sqlite_with_rowid=False
    )
    op.create_table('legs',
    sa.Column('originator', sa.Text(), nullable=False),
    sa.Column('case_id', sa.LargeBinary(), nullable=False),
    sa.Column('recipient', sa.Text(), nullable=False),
    sa.Column('family', sa.SmallInteger(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('opening', sa.LargeBinary(), nullable=False),
    sa.Column('previous', sa.LargeBinary(), nullable=False),
    sa.Column('opened', sa.BigInteger(), nullable=False),
    sa.Column('deliver_by', sa.BigInteger(), nullable=False),
    sa.Column('question', sa.LargeBinary(), nullable=False),
    sa.Column('respond_by', sa.BigInteger(), nullable=True),
    sa.Column('awaiting', sa.Text(), nullable=True),
    sa.Column('overdue_logged', sa.Boolean(), nullable=False),
    sa.Column('recall', sa.LargeBinary(), nullable=False),
    sa.Column('recall_respond_by', sa.BigInteger(), nullable=True),
    sa.Column('recall_overdue_logged', sa.Boolean(), nullable=False),
    sa.Column('lapses_at', sa.BigInteger(), nullable=True),
    sa.Column('ended_at', sa.BigInteger(), nullable=True),
    sa.Column('resume_state', sa.Text(), nullable=True),
    sa.Column('next_limit', sa.BigInteger(), nullable=True, comment='when a clock will do something; NULL for never'),
    sa.Column('finished_at', sa.BigInteger(), nullable=True, comment='when it reached a state that nothing but a recall leaves'),
    sa.CheckConstraint('revision > 0', name=op.f('ck_legs_revision')),
    sa.PrimaryKeyConstraint('originator', 'case_id', 'recipient', name=op.f('pk_legs')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('legs', schema=None) as batch_op:
        batch_op.create_index('ix_legs_next_limit', ['next_limit'], unique=False)

    op.create_table('log_batches',
    sa.Column('log', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('size', sa.BigInteger(), autoincrement=False, nullable=False, comment='of the log after the batch'),
    sa.Column('first', sa.BigInteger(), nullable=False, comment='index of its first leaf'),
    sa.Column('root', sa.LargeBinary(), nullable=False),
    sa.Column('time_seconds', sa.BigInteger(), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False, comment='public log key its checkpoint is signed with'),
    sa.PrimaryKeyConstraint('log', 'size', name=op.f('pk_log_batches')),
    comment="All that a batch's checkpoint is a function of.",
    sqlite_with_rowid=False
    )
    op.create_table('log_heads',
    sa.Column('log', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('root', sa.LargeBinary(), nullable=False),
    sa.Column('frontier', sa.LargeBinary(), nullable=False, comment='comity.merkle.Frontier.to_bytes'),
    sa.Column('time_seconds', sa.BigInteger(), nullable=False, comment='of the last leaf; never decreases'),
    sa.Column('fence', sa.BigInteger(), nullable=False, comment='changed by promote and restore only'),
    sa.CheckConstraint('size >= 0', name=op.f('ck_log_heads_size')),
    sa.PrimaryKeyConstraint('log', name=op.f('pk_log_heads')),
    comment='One row a log: 1 directory, 2 exchange. Locked for the length of each batch.',
    sqlite_with_rowid=False
    )
    op.create_table('log_leaves',
    sa.Column('log', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('idx', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('leaf', sa.LargeBinary(), nullable=False, comment='as it was hashed'),
    sa.Column('leaf_hash', sa.LargeBinary(), nullable=False, comment='level 0 of the tiles'),
    sa.PrimaryKeyConstraint('log', 'idx', name=op.f('pk_log_leaves')),
    sqlite_with_rowid=False
    )
    op.create_table('log_nodes',
    sa.Column('log', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('level', sa.SmallInteger(), autoincrement=False, nullable=False, comment='tile level, from 1'),
    sa.Column('idx', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('log', 'level', 'idx', name=op.f('pk_log_nodes')),
    sqlite_with_rowid=False
    )
    op.create_table('openings',
    sa.Column('idx', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('batch_size', sa.BigInteger(), nullable=False, comment='size of the log after its batch'),
    sa.Column('path', sa.LargeBinary(), nullable=False, comment='inclusion path in that tree, 32 bytes each'),
    sa.Column('salt', sa.LargeBinary(), nullable=True, comment='NULL once erased'),
    sa.Column('event', sa.LargeBinary(), nullable=True, comment='NULL once erased'),
    sa.PrimaryKeyConstraint('idx', name=op.f('pk_openings')),
    comment='What the leaves of the exchange log commit to, for the parties of each.'
    )
    if op.get_bind().dialect.name == "postgresql":
        # Ciphertexts, proofs and salts do not compress: PostgreSQL need not try.
        op.execute("ALTER TABLE envelopes ALTER COLUMN ciphertext SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE deliveries ALTER COLUMN wrap SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE openings ALTER COLUMN path SET STORAGE EXTERNAL")
    # Both logs begin empty: their head rows are what every batch locks.
    heads = sa.table(
        "log_heads",
        sa.column("log", sa.SmallInteger),
        sa.column("size", sa.BigInteger),
        sa.column("root", sa.LargeBinary),
        sa.column("frontier", sa.LargeBinary),
        sa.column("time_seconds", sa.BigInteger),
        sa.column("fence", sa.BigInteger),
    )
    empty = {"size": 0, "root": _EMPTY_ROOT, "frontier": b'\x00\x00\x00\x00\x00\x00\x00\x00', "time_seconds": 0, "fence": 0}
    op.bulk_insert(heads, [{"log": log, **empty} for log in (1, 2)])


def downgrade() -> None:
    """Goes back."""
    op.drop_table('openings')
    op.drop_table('log_nodes')
    op.drop_table('log_leaves')
    op.drop_table('log_heads')
    op.drop_table('log_batches')
    with op.batch_alter_table('legs', schema=None) as batch_op:
        batch_op.drop_index('ix_legs_next_limit')

    op.drop_table('legs')
    op.drop_table('equivocations')
    with op.batch_alter_table('envelopes', schema=None) as batch_op:
        batch_op.drop_index('ix_envelopes_due')

    op.drop_table('envelopes')
    with op.batch_alter_table('envelope_blobs', schema=None) as batch_op:
        batch_op.drop_index('ix_envelope_blobs_sha256')

    op.drop_table('envelope_blobs')
    op.drop_table('desk_counters')
    op.drop_table('deliveries')
    op.drop_table('blobs')
    op.drop_table('blob_totals')
    op.drop_table('acks')
