// YAML as a tree of texts with places: no implicit types, so `off`, `no` and `010` are what was written.
// Made by `YAMLComposer`, read by `ConfigurationReader`.

import RelevoPolicy

/// A value of a YAML file.
struct YAMLNode: Sendable {
    /// What the value is.
    enum Content: Sendable {
        case scalar(YAMLScalar)
        case list([YAMLNode])
        case map([YAMLEntry])
    }

    /// What the value is.
    let content: Content
    /// Where it begins; for an alias, where the anchored value begins.
    let location: SourceLocation
    /// Levels of nesting in it, itself included.
    let height: Int

    /// Creates a value, as high as its parts demand.
    init(_ content: Content, at location: SourceLocation) {
        self.content = content
        self.location = location
        switch content {
        case .scalar: height = 1
        case .list(let items): height = 1 + (items.map(\.height).max() ?? 0)
        case .map(let entries): height = 1 + (entries.map(\.value.height).max() ?? 0)
        }
    }

    /// The text, if the value is one.
    var scalar: YAMLScalar? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar
    }

    /// Whether nothing was written: `key:` and the end of the line.
    var isNothing: Bool { scalar?.isNothing ?? false }

    /// What was found, for messages.
    var found: String {
        switch content {
        case .scalar(let scalar) where scalar.isNothing: "nothing"
        case .scalar(let scalar): scalar.text.isEmpty ? "an empty text" : scalar.text.quoted
        case .list: "a list"
        case .map: "a map"
        }
    }
}

/// A text of a YAML file, variables expanded.
struct YAMLScalar: Sendable {
    /// The text that counts.
    var text: String
    /// Whether it was written without quotes, not as a block.
    var isPlain: Bool
    /// Environment variables that went into it, in order.
    var variables: [String] = []
    /// Whether a problem with it was reported already, so that none need follow from it.
    var isBroken = false

    /// Whether nothing was written.
    var isNothing: Bool { isPlain && text.isEmpty && variables.isEmpty }
}

/// One line of a YAML map.
struct YAMLEntry: Sendable {
    /// The key's text.
    let key: YAMLScalar
    /// Where the key begins.
    let keyLocation: SourceLocation
    /// The value.
    let value: YAMLNode
}
