/// An enum, and a list of all its variants.
macro_rules! listed {
    ($(#[$doc:meta])* $name:ident { $($(#[$docs:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$docs])* $variant,)* }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];
        }
    };
}

listed! {
    /// What a proxy does wrong.
    Fault {
        /// Removes `TE` from requests.
        StripTe,
        /// Adds `TE: trailers` to requests without it.
        AddTe,
        /// Sends `TE` twice.
        DoubleTe,

        /// Drops the trailers of responses, but passes `Trailer` on.
        DropTrailers,
        /// Drops the trailers of responses, and `Trailer`.
        DropTrailersAndAnnouncement,
        /// Sends trailers in the header section instead.
        MergeTrailers,
        /// Sends trailers as lines of the content instead.
        LeakTrailers,
        /// Drops the trailers of responses that have no pauses.
        DropTrailersOfShort,
        /// Drops the trailers of responses that have pauses.
        DropTrailersOfSlow,
        /// Joins fields of the same name with commas.
        JoinTrailers,
        /// Reverses the order of fields of the same name.
        ReorderTrailers,
        /// Passes on only the fields of the first name.
        DropSecondTrailer,
        /// Cuts values to 4 KiB.
        TruncateLongTrailers,
        /// Drops fields of more than 4 KiB.
        DropLongTrailers,
        /// Drops fields that are not announced in `Trailer`.
        DropUnannouncedTrailers,
        /// Changes a letter of each value.
        ChangeTrailers,

        /// Passes a response on only once it is complete.
        HoldBack,
        /// Does the same and adds `Content-Length`.
        AddLength,
        /// Adds the content coding gzip to responses that are not JSON.
        Compress,
        /// The same if the client accepts it.
        CompressIfAccepted,
        /// Changes a byte of content that has a digest.
        ChangeContent,

        /// Requests over HTTP/1.1, without adding `TE`.
        DowngradeToHttp11,
        /// Requests over HTTP/1.0.
        DowngradeToHttp10,

        /// Takes a reset of the origin for the end of the content.
        EndAtReset,
        /// Takes a closed connection of the origin for the end of the content.
        EndAtClose,
        /// Takes content that is shorter than its length for all of it.
        EndAtShort,
        /// Never ends content that the origin breaks off.
        HangAfterCut,
        /// Drops trailers that report a failure.
        LoseFailure,

        /// Drops the trailers of requests.
        StripRequestTrailers,
        /// Joins fields of the same name in the trailers of requests.
        JoinRequestTrailers,
        /// Sends the trailers of requests in the header section instead.
        MergeRequestTrailers,
        /// Answers requests with trailers with 400.
        RefuseRequestTrailers,
        /// Answers requests with trailers with 502.
        FailRequestTrailers,
        /// Ends the connection when request trailers arrive, over HTTP/2 with GOAWAY.
        CloseAtRequestTrailers,
        /// Forwards an upload that the client aborts as a complete one.
        CompleteCutUpload,

        /// Drops `100 Continue`.
        LoseContinue,
        /// Sends `100 Continue` twice.
        DoubleContinue,
        /// Never answers requests with `Expect`.
        HangOnExpect,
        /// Answers requests with `Expect` with 417.
        RefuseExpect,

        /// Sends content in responses to HEAD.
        ContentAfterHead,
        /// Never answers HEAD.
        HangOnHead,
        /// Sends content after 204.
        NoContentWithContent,
        /// Sends 200 instead of 204.
        NoContentAsOk,
        /// Sends content after 304.
        NotModifiedWithContent,
        /// Sends 200 instead of 304.
        NotModifiedAsOk,

        /// Drops `grpc-status`.
        DropGrpcStatus,
        /// Replaces `grpc-status` by another one.
        ChangeGrpcStatus,
        /// Answers gRPC calls with 415.
        RefuseGrpc,
        /// Answers gRPC calls with 502.
        FailGrpc,
    }
}
