//! The counters as they cross the library's border; the hosts that test compile this file too.

/// Counts of one instance, or sums over all that there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Instances that were activated. They are numbered from 0 in that order.
    pub instances: u64,
    /// Questions that were sent to the engine.
    pub asked: u64,
    /// Questions that were to be sent and found no room.
    pub no_room: u64,
    /// Answers that the engine sent, whatever they say.
    pub answered: u64,
    /// Of these, those that say only that nobody waits for them any more.
    pub stale: u64,
    /// Of these, those that say only that the networks gave none.
    pub refused: u64,
    /// Answers that were taken in.
    pub taken: u64,
    /// Questions whose instance went before they were answered.
    pub abandoned: u64,
    /// Answers whose instance went before it took them in.
    pub unread: u64,
    /// Bars that sounded dry although they were asked about in time.
    pub late: u64,
    /// Bars that sounded dry because they could not be asked about in time.
    pub unasked: u64,
    /// Bars that sounded dry, as the editor counts them.
    pub dry: u64,
    /// Notes and messages that were lost because a table was full.
    pub dropped: u64,
    /// Instances that are there and whose engine has failed.
    pub failed: u64,
}
