// Serves other certificates when their files have changed, and says when one ends.
// When files have changed is FileWatcher's matter, what is in them that of ListenerCertificates.

import CLibevent
import CLibeventTLS
import RelevoPolicy

/// Keeps the certificates of a running proxy as their files are. Confined to its loop, on which reading may wait.
final class CertificateRenewal {
    /// Two things can be wrong with the files of a certificate, each by itself.
    private enum Part: Hashable {
        /// Certificate and key.
        case pair
        /// The authority's word.
        case response
    }

    private struct Item: Hashable {
        let place: Int
        let part: Part
    }

    /// What is thought of files that cannot be used.
    private enum Doubt {
        /// The rest may be on its way.
        case waiting(since: MonotonicTime)
        /// The operator was told.
        case told(String)
    }

    private let loop: EventLoop
    private let pace: FilePace
    private let publish: (ListenerCertificates) -> Void
    private let notify: (FileNotice) -> Void
    private var certificates: ListenerCertificates
    /// Those before: their contexts end here, and not with a worker's last connection that has one.
    private var former: ListenerCertificates?
    private var doubts: [Item: Doubt] = [:]
    /// When it was said that something ends, in seconds since 1970.
    private var said: [Item: Int64] = [:]
    private var retry: Timer?
    private var tick: Timer?

    /// Begins with what is served. What is said of it was said.
    init(
        loop: EventLoop, _ certificates: ListenerCertificates, pace: FilePace = FilePace(),
        publish: @escaping (ListenerCertificates) -> Void, notify: @escaping (FileNotice) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.certificates = certificates
        self.pace = pace
        self.publish = publish
        self.notify = notify
        for (item, _) in endings { said[item] = now }
        noteWhatWasSaid()
        retry = try Timer(loop: loop, .once) { [unowned self] in examine(doubtful) }
        tick = try Timer(loop: loop, .forever) { [unowned self] in onTick() }
        tick?.start(pace.tick)
    }

    private var now: Int64 { Int64(pace.clock().seconds) }

    /// All files on which certificates depend.
    var files: Set<String> { Set(certificates.placesByFile.keys) }

    /// Files have changed, or may have.
    func filesChanged(_ paths: [String]) {
        let places = certificates.placesByFile
        examine(Set(paths.flatMap { places[$0] ?? [] }))
    }

    /// Ends the timers.
    func close() {
        retry?.close()
        retry = nil
        tick?.close()
        tick = nil
    }

    // MARK: Reading

    /// What cannot be used was said when the proxy was made.
    private func noteWhatWasSaid() {
        for (place, served) in certificates.certificates.enumerated() {
            guard let file = served.files.ocsp, served.response == nil else { continue }
            var copy = served
            do throws(ServedCertificate.ResponseRefusal) {
                _ = try copy.readResponse(now: now)
            } catch {
                let notice = FileNotice.responseKept(file, reason: error.description)
                doubts[Item(place: place, part: .response)] = .told(Self.words(notice))
            }
        }
    }

    /// The places of files that may come right.
    private var doubtful: Set<Int> {
        Set(doubts.filter { if case .waiting = $0.value { true } else { false } }.map(\.key.place))
    }

    private func examine(_ places: Set<Int>) {
        var fresh: [Int: ServedCertificate] = [:]
        var news: [FileNotice] = []
        for place in places.sorted() where certificates.certificates.indices.contains(place) {
            var served = certificates.certificates[place]
            let found = readPair(&served, place) + readResponse(&served, place)
            guard !found.isEmpty else { continue }
            fresh[place] = served
            news += found
        }
        if !fresh.isEmpty { serve(fresh, news) }
        if !doubtful.isEmpty { retry?.start(pace.retry) }
    }

    private func readPair(_ served: inout ServedCertificate, _ place: Int) -> [FileNotice] {
        let item = Item(place: place, part: .pair)
        let file = served.files.certificate
        do throws(ServedCertificate.Refusal) {
            let isNew = try served.readAgain(now: now)
            if wasTold(item), !isNew { notify(.certificateAsBefore(file)) }
            doubts[item] = nil
            let certificate = served.identity.certificate
            return isNew
                ? [.certificateReplaced(file, names: certificate.names, until: certificate.notAfter)] : []
        } catch {
            doubt(item, .certificateKept(file, reason: error.description))
            return []
        }
    }

    private func readResponse(_ served: inout ServedCertificate, _ place: Int) -> [FileNotice] {
        guard let file = served.files.ocsp else { return [] }
        let item = Item(place: place, part: .response)
        do throws(ServedCertificate.ResponseRefusal) {
            let isNew = try served.readResponse(now: now)
            if wasTold(item), !isNew { notify(.responseAsBefore(file)) }
            doubts[item] = nil
            guard isNew, let response = served.response else { return [] }
            return [.responseReplaced(file, until: response.nextUpdate)]
        } catch {
            doubt(item, .responseKept(file, reason: error.description))
            return []
        }
    }

    private func wasTold(_ item: Item) -> Bool {
        if case .told = doubts[item] { true } else { false }
    }

    /// Something cannot be used. That is said once, and not before the rest has had time to come.
    private func doubt(_ item: Item, _ notice: FileNotice) {
        let reason = Self.words(notice)
        switch doubts[item] {
        case nil: doubts[item] = .waiting(since: loop.now)
        case .waiting(let since):
            guard loop.now.nanoseconds(since: since) >= pace.patience.wholeNanoseconds else { return }
            doubts[item] = .told(reason)
            notify(notice)
        case .told(reason): break
        case .told: doubts[item] = .waiting(since: loop.now)
        }
    }

    /// What tells one reason from another.
    private static func words(_ notice: FileNotice) -> String {
        notice.details.map(\.value).joined(separator: "\n")
    }

    // MARK: Serving

    private func serve(_ fresh: [Int: ServedCertificate], _ news: [FileNotice]) {
        let before = Set(certificates.coverage)
        var next = certificates
        do throws(TLSError) {
            try next.replace(fresh)
        } catch {
            for (place, served) in fresh {
                doubt(
                    Item(place: place, part: .pair),
                    .certificateKept(served.files.certificate, reason: error.description))
            }
            return
        }
        former = certificates
        certificates = next
        publish(next)
        for notice in news { notify(notice) }
        for (place, served) in fresh.sorted(by: { $0.key < $1.key }) {
            for problem in CertificateAdvice.all(served, now: now) { notify(.advice(problem)) }
            for part in [Part.pair, .response] { said[Item(place: place, part: part)] = nil }
        }
        for (item, _) in endings where fresh[item.place] != nil { said[item] = now }
        for problem in next.coverage where !before.contains(problem) { notify(.advice(problem)) }
    }

    // MARK: Endings

    /// What ends soon or has ended, in words.
    private var endings: [(Item, ConfigurationProblem)] {
        certificates.certificates.enumerated().flatMap { place, served in
            let texts = [
                (Part.pair, CertificateAdvice.expiry(served, now: now)),
                (Part.response, CertificateAdvice.expiry(ofResponse: served, now: now)),
            ]
            return texts.compactMap { part, text in
                text.map {
                    (Item(place: place, part: part), ConfigurationProblem($0, location: served.files.location))
                }
            }
        }
    }

    private func onTick() {
        former = nil
        for (item, problem) in endings where now - (said[item] ?? .min / 2) >= pace.silence {
            said[item] = now
            notify(.advice(problem))
        }
        // What is not valid yet becomes so without any change.
        examine(Set(doubts.keys.map(\.place)))
    }
}

@available(*, unavailable)
extension CertificateRenewal: Sendable {}
